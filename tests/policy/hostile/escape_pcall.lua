-- Catching the end of the budget and going on.
function authorize()
  while true do pcall(function() while true do end end) end
end
