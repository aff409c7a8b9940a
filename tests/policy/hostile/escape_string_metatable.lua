-- Changing what methods of text do.
function authorize()
  getmetatable('').__index = function() return true end
end
