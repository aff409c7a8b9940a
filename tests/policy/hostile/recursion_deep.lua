-- Recursion without an end: the stack grows.
function authorize()
  local function f(n) return 1 + f(n + 1) end
  return f(1)
end
