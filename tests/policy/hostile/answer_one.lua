-- A number that looks like a yes.
function authorize()
  return { allow = 1, reason = 'x' }
end
