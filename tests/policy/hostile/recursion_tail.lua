-- Recursion without an end and without a stack.
function authorize()
  local function f() return f() end
  return f()
end
