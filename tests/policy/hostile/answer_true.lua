-- A bare yes.
function authorize()
  return true
end
