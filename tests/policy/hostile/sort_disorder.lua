-- An order that is none.
function authorize()
  local t = {}
  for i = 1, 1000 do t[i] = i % 7 end
  table.sort(t, function() return true end)
  error('sorted')
end
