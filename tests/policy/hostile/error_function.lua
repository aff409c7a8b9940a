-- An error that is a function.
function authorize()
  error(error)
end
