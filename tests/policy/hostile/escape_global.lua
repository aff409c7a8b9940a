-- Keeping something for the next decision.
function authorize()
  counter = 1
end
