-- As many results as the stack can just hold, again and again.
function authorize()
  while true do select('#', table.unpack({}, 1, 200000)) end
end
