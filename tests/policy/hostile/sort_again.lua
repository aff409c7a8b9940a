-- Sorting a large list over and over, in C.
function authorize()
  local t = {}
  for i = 1, 100000 do t[i] = (i * 7919) % 100003 end
  for _ = 1, 10000 do
    table.sort(t)
    table.sort(t, function(a, b) return a > b end)
  end
end
