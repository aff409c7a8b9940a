-- The widest number that a format allows, for ever.
function authorize()
  while true do local _ = ('%99.99f'):format(1e308) end
end
