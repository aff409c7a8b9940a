-- All bytes at once, kept.
function authorize()
  local t = {}
  while true do t[#t + 1] = string.char(table.unpack({ #t % 256, 1, 2, 3 })) .. #t end
end
