-- Each byte replaced by 64 KiB.
function authorize()
  return (('x'):rep(60000):gsub('.', ('y'):rep(60000)))
end
