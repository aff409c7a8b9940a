-- An error of 64 KiB.
function authorize()
  error(('x'):rep(65536))
end
