-- Changing the library through the environment.
function authorize()
  _ENV.string = { format = error }
end
