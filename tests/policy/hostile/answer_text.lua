-- A text for an answer.
function authorize()
  return 'yes'
end
