-- Every byte of a text as a result, again and again.
function authorize()
  local text = ('x'):rep(60000)
  while true do select('#', text:byte(1, -1)) end
end
