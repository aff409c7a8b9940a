-- Recursion through gsub: the C stack grows.
function authorize()
  local function f() return (('x'):gsub('x', f)) end
  f()
end
