-- A text that looks like a yes.
function authorize()
  return { allow = 'true', reason = 'x' }
end
