-- The remainder of a division by zero.
function authorize()
  return math.mininteger % 0
end
