-- More results than a stack can hold.
function authorize()
  return select('#', table.unpack({}, 1, 100000000))
end
