-- One call that backtracks for ages: no instruction is counted.
function authorize()
  return ('a'):rep(50000):find(('.-'):rep(30) .. 'b')
end
