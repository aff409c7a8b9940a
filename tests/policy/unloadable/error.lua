-- Ends with an error of its own while loading.
error('no')
