-- A list of large texts, joined.
function authorize()
  local t = {}
  for i = 1, 2000 do t[i] = ('x'):rep(60000) end
  return table.concat(t)
end
