-- No Lua.
function authorize(request
