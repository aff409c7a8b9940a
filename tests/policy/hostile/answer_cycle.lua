-- An answer that contains itself.
function authorize()
  local t = { allow = true, reason = 'x' }
  t.t = t
  return t
end
