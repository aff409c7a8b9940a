-- Counting characters for ever.
function authorize()
  local text = ('\u{20AC}'):rep(20000)
  while true do utf8.len(text) end
end
