-- Does not even finish loading.
while true do end
