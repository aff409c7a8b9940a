-- An endless loop that looks as if it could end.
function authorize()
  local i = 0
  repeat i = i + 1 until i < 0
end
