-- A reason that is no UTF-8.
function authorize()
  return { allow = true, reason = '\xff\xfe' }
end
