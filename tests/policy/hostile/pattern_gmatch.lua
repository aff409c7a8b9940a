-- The same through gmatch.
function authorize()
  for _ in ('a'):rep(50000):gmatch('a-a-a-a-a-b') do end
end
