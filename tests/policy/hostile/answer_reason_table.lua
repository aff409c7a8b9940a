-- A yes whose reason is a table.
function authorize()
  return { allow = true, reason = {} }
end
