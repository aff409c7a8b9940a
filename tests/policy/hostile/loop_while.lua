-- The plainest endless loop.
function authorize()
  while true do end
end
