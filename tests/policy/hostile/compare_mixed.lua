-- Comparing what has no order.
function authorize()
  return {} < {}
end
