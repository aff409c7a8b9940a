-- The most usual mistake.
function authorize(request)
  return request.nothing.at.all
end
