-- More rounds than a lifetime has.
function authorize()
  for _ = 1, math.maxinteger do end
end
