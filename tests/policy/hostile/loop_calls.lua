-- A loop that spends its time in small library calls.
function authorize(request)
  while true do request.route:upper():lower():reverse() end
end
