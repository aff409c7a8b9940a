-- An answer with what JSON cannot say.
function authorize()
  return { allow = true, reason = 'x', n = 0 / 0 }
end
