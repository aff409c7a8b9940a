-- A numeric loop whose end cannot be reached.
function authorize()
  for _ = 0.0, math.huge do end
end
