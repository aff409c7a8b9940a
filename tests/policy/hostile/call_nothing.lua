-- Calling what is no function.
function authorize(request)
  return request()
end
