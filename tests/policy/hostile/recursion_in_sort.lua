-- Recursion through a library function: the C stack grows.
function authorize()
  local function f()
    table.sort({ 1, 2, 3 }, function() f() return false end)
  end
  f()
end
