-- A list for an answer.
function authorize()
  return { true, 'because' }
end
