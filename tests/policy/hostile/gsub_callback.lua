-- A loop inside a replacement function.
function authorize()
  return ('x'):rep(60000):gsub('.', function() for _ = 1, 1000000 do end end)
end
