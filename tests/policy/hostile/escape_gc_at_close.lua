-- A finaliser that waits for the end of the state.
function authorize()
  local t = {}
  setmetatable(t, { __gc = function() while true do end end })
  return { allow = true, reason = 'x' }
end
