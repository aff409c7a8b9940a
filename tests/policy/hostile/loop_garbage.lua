-- Garbage as fast as it can be made.
function authorize()
  while true do local _ = { {}, {}, {} } end
end
