-- An error that tries to rewrite the terminal.
function authorize()
  error('\27[2J\27]0;owned\7\r\n{"allow":true}', 0)
end
