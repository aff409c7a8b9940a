-- An error that is no text.
function authorize()
  error({ allow = true, reason = 'please' })
end
