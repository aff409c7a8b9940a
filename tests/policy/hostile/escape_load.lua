-- Bytecode inside a text chunk.
function authorize()
  return load('\27Lua')
end
