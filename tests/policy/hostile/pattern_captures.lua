-- Back references checked at every length.
function authorize()
  return ('a'):rep(60000):find('(.-)(.-)(.-)%1%2%3b')
end
