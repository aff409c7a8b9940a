-- An error that is nothing.
function authorize()
  error(nil)
end
