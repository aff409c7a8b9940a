-- An endless loop without a loop statement.
function authorize()
  ::again::
  goto again
end
