-- The same through gsub.
function authorize()
  return ('a'):rep(50000):gsub('.-.-.-.-.-b', '')
end
