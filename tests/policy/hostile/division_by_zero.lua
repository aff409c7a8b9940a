-- Integer division by zero.
function authorize()
  return 1 // 0
end
