-- The file system.
function authorize()
  return io.open('/etc/passwd')
end
