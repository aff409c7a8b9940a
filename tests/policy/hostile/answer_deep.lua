-- An answer nested too deep.
function authorize()
  local t = { allow = true, reason = 'x' }
  local at = t
  for _ = 1, 100 do
    at.t = {}
    at = at.t
  end
  return t
end
