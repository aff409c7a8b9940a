-- A yes without a reason.
function authorize()
  return { allow = true }
end
