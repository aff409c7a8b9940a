-- A yes with an empty reason.
function authorize()
  return { allow = true, reason = '' }
end
