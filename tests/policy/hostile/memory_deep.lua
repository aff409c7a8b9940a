-- Tables in tables in tables.
function authorize()
  local t = {}
  while true do t = { t } end
end
