-- The well-behaved half of each hostile policy: these decisions must go on.
function route(order, adapters)
  return { adapter = adapters[1].name, reason = "the first, for " .. order.plan }
end
