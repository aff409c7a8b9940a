-- Shifting a long list at each insertion.
function authorize()
  local t = {}
  while true do table.insert(t, 1, 1) end
end
