-- The cap must count the separator too.
function authorize()
  return (''):rep(1 << 40, ('x'):rep(1000))
end
