-- The cap itself, kept again and again.
function authorize()
  local t = {}
  while true do t[#t + 1] = ('x' .. #t):rep(10000) end
end
