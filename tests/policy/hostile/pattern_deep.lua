-- A pattern that recurses in the matcher.
function authorize()
  return ('a'):rep(60000):match(('a?'):rep(30000) .. 'b')
end
