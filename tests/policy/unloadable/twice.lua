-- Defines what another file defines already.
function route() end
