-- Two functions that call each other with ever more arguments.
function authorize()
  local a, b
  function a(...) return 1 + b(1, ...) end
  function b(...) return 1 + a(2, ...) end
  return a()
end
