-- A finaliser runs while hooks are off.
function authorize()
  setmetatable({}, { __gc = function() while true do end end })
  collectgarbage()
end
