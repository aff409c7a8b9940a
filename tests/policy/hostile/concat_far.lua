-- Joining a range that is not there.
function authorize()
  return table.concat({}, ',', 1, math.maxinteger - 1)
end
