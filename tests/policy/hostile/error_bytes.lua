-- An error that is no UTF-8.
function authorize()
  error('\xff\xc0\x80\xed\xa0\x80', 0)
end
