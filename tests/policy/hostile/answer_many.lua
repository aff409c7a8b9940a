-- An answer of a hundred thousand numbers.
function authorize()
  local t = { allow = true, reason = 'x', list = {} }
  for i = 1, 100000 do t.list[i] = i end
  return t
end
