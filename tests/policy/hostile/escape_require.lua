-- Loading a library.
function authorize()
  return require('os').execute('true')
end
