-- A closing method runs while an error unwinds.
function authorize()
  local _ <close> = setmetatable({}, { __close = function() while true do end end })
  error('x')
end
