-- A list with holes.
function authorize()
  return { allow = true, reason = 'x', list = { 1, nil, nil, 4 } }
end
