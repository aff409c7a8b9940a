-- A list that only grows.
function authorize()
  local t = {}
  while true do t[#t + 1] = {} end
end
