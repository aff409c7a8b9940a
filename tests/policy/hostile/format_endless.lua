-- A format with more directives than arguments.
function authorize()
  return (('%d'):rep(20000)):format(1)
end
