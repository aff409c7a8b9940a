-- A loop of conversions, each leaving garbage.
function authorize()
  local i = 0
  while true do i = i + #tostring(i) end
end
