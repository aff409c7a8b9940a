-- A closure a round, each keeping the one before.
function authorize()
  local f = function() return 1 end
  while true do
    local inner = f
    f = function() return inner end
  end
end
