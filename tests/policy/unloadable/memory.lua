-- Uses up the memory while loading.
local t = {}
while true do t[#t + 1] = ('x'):rep(60000) .. #t end
