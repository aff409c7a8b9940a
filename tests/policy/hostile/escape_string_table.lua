-- Changing the library for the next decision.
function authorize()
  string.format = function() return 'owned' end
end
