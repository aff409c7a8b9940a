-- Walking over what is no UTF-8.
function authorize()
  for _ in utf8.codes('\xff\xfe') do end
end
