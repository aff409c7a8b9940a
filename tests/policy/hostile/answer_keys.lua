-- Keys that are neither text nor places in a list.
function authorize()
  return { allow = true, reason = 'x', [true] = 1 }
end
