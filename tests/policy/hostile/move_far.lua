-- Moving a range of a thousand million million nothings, in C.
function authorize()
  table.move({}, 1, 1000000000000000, 2)
end
