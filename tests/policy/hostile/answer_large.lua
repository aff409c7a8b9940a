-- An answer of a million bytes.
function authorize()
  local t = { allow = true, reason = 'x' }
  for i = 1, 17 do t['k' .. i] = ('x'):rep(60000) end
  return t
end
