-- Uses a name that does not exist.
local x = os.time()
