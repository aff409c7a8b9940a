-- A chain of __index that never ends.
function authorize()
  local t = {}
  setmetatable(t, { __index = function(self, key) return self[key .. 'x'] end })
  return t.x
end
