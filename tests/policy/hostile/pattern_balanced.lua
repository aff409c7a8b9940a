-- Looking for a closing bracket from each of 65000 opening ones.
function authorize()
  for _ = 1, 100 do ('('):rep(65000):gsub('%b()', '') end
end
