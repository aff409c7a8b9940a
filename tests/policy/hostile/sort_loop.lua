-- A comparison that does not return.
function authorize()
  table.sort({ 3, 2, 1 }, function() while true do end end)
end
