-- A yes that carries a function.
function authorize()
  return { allow = true, reason = 'x', extra = authorize }
end
