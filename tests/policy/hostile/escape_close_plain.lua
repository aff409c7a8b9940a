-- A closing variable without a metatable.
function authorize()
  local _ <close> = {}
  return { allow = true, reason = 'x' }
end
