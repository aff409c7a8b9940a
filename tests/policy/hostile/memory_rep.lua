-- More than the cap of one repetition.
function authorize()
  return ('x'):rep(1 << 40)
end
