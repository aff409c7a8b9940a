-- Bytecode of a function.
function authorize()
  return ('').dump(authorize)
end
