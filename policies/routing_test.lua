-- routing_test.lua - cases for routing.lua. Run: esimctl policy test policies/

local ORDERING = { "profile.order", "profile.confirm", "profile.release" }

local function adapter(name, changes)
  local made = {
    name = name,
    aliases = list {},
    healthy = true,
    capabilities = ORDERING,
    version = "1.0.0",
  }
  for key, value in pairs(changes or {}) do
    made[key] = value
  end
  return made
end

local function order(changes)
  local made = {
    tenant = "acme",
    type = "profile.provision",
    plan = "basic",
    needs = { "profile.order", "profile.confirm" },
  }
  for key, value in pairs(changes or {}) do
    made[key] = value
  end
  return made
end

local ALL = {
  adapter("ooredoo", { aliases = { "u9" } }),
  adapter("mytel"), adapter("mpt"), adapter("atom"),
}

local cases = {}

-- `chosen` is a name, or null for none.
local function case(name, asked, adapters, chosen, says)
  cases[#cases + 1] = {
    name = name,
    call = "route",
    args = { asked, list(adapters) },
    expect = { adapter = chosen },
    says = says,
  }
end

case("the carrier that is named wins",
  order { carrier = "mytel", msisdn = "+95970000001" }, ALL, "mytel", "names mytel")
case("an alias is a name too",
  order { carrier = "u9" }, ALL, "ooredoo", "names u9")
case("a name that nobody has is refused, and no other carrier takes the order",
  order { carrier = "tim" }, ALL, null, "no adapter is called tim")
case("a named carrier that lacks a capability is refused with its name",
  order { carrier = "atom", needs = { "sms.send", "profile.order" } }, ALL, null,
  "atom lacks sms.send")
case("an order for a named carrier waits while that is unhealthy",
  order { carrier = "atom" }, { adapter("atom", { healthy = false }), adapter("mpt") },
  "atom", "waits")

local STATUS = { type = "profile.status", needs = { "profile.status" } }
local function status(changes)
  local made = order(STATUS)
  for key, value in pairs(changes) do
    made[key] = value
  end
  return made
end
local ABLE = {
  adapter("atom"), adapter("mytel", { capabilities = { "profile.status" } }),
  adapter("ooredoo", { capabilities = { "profile.status" } }),
}
case("a profile is asked for where it is held, not at the first by name",
  status { holder = "ooredoo" }, ABLE, "ooredoo", "ooredoo holds the profile")
case("nobody else is asked for it when its holder cannot tell",
  status { holder = "atom" }, ABLE, null, "atom holds the profile and lacks profile.status")
case("it waits for its holder",
  status { holder = "ooredoo" },
  { adapter("ooredoo", { capabilities = { "profile.status" }, healthy = false }), ABLE[2] },
  "ooredoo", "waits")
case("a name goes before the holder",
  status { holder = "ooredoo", carrier = "mytel" }, ABLE, "mytel", "names mytel")
case("a holder that is no longer loaded decides nothing",
  status { holder = "gone" }, ABLE, "mytel", "first by name")
case("what a device is to do with a profile is not its carrier's",
  order { type = "device.assign", needs = { "device.assign" }, holder = "atom" },
  { adapter("atom"), adapter("intune", { capabilities = { "device.assign" } }) },
  "intune", "first by name")

-- Every range, in the national form.
local NUMBERS = {
  mpt = {
    "0920", "0930", "0950", "09400", "09410", "09420", "09430", "09440", "09450",
    "09470", "09490", "09730", "09810", "09830", "09840", "09850", "09860", "09870",
    "09880", "09890", "09910",
  },
  atom = { "09700", "09760", "09790" },
  ooredoo = { "09940", "09950", "09960", "09970", "09980" },
  mytel = { "09600", "09690" },
}
for carrier, numbers in pairs(NUMBERS) do
  for _, number in ipairs(numbers) do
    case("the number " .. number .. ".. points to " .. carrier,
      order { msisdn = number .. "12345" }, ALL, carrier, "a range of " .. carrier)
  end
end
for _, number in ipairs { "+959761234567", "00959761234567", "959761234567",
                          "09761234567", "+95 9 76 123 4567" } do
  case(number .. " is one and the same number",
    order { msisdn = number }, ALL, "atom", "+95 97")
end
case("the longest prefix wins: 973 is inside 97",
  order { msisdn = "+959731234567" }, ALL, "mpt", "+95 973")
case("a number of another country points nowhere",
  order { msisdn = "+66812345678" }, ALL, "atom", "first by name")
case("a number in no known range points nowhere",
  order { msisdn = "+959991234567" }, ALL, "atom", "first by name")
case("a number is a hint: an unhealthy carrier gives way",
  order { msisdn = "+959761234567" },
  { adapter("atom", { healthy = false }), adapter("mpt") }, "mpt", "first by name")
case("a number is a hint: a carrier that lacks something gives way",
  order { msisdn = "+959761234567", needs = { "sms.send" } },
  { adapter("atom"), adapter("mpt", { capabilities = { "sms.send" } }) }, "mpt")
case("a number is a hint: a carrier without an adapter gives way",
  order { msisdn = "+959761234567" }, { adapter("mpt") }, "mpt")

case("a tenant's first preference wins",
  order { tenant = "example" }, ALL, "mytel", "choice 1 of the tenant example")
case("a tenant's next preference follows when the first is unhealthy",
  order { tenant = "example" },
  { adapter("atom"), adapter("mytel", { healthy = false }), adapter("ooredoo") },
  "ooredoo", "choice 2")
case("a number says more than a preference",
  order { tenant = "example", msisdn = "0976123456" }, ALL, "atom", "+95 97")
case("preferences that cannot be had are passed over",
  order { tenant = "example" }, { adapter("mpt"), adapter("atom") }, "atom")

case("else the first by name, whatever the order of loading", order(), ALL, "atom",
  "the first by name")
case("the healthy come before the unhealthy", order(),
  { adapter("atom", { healthy = false }), adapter("mytel") }, "mytel")
case("when all are unhealthy the order waits for the first", order(),
  { adapter("mpt", { healthy = false }), adapter("atom", { healthy = false }) },
  "atom", "waits")
case("an order without needs can go anywhere", order { needs = null }, ALL, "atom")

case("when nobody can, the sentence says what each one lacks",
  order { needs = { "device.assign" } }, { adapter("mpt"), adapter("atom") }, null,
  "profile.provision: atom lacks device.assign; mpt lacks device.assign")
case("without adapters there is no route", order(), {}, null, "no adapter is loaded")

cases[#cases + 1] = {
  name = "every candidate is listed with its reason, the best first",
  call = "route",
  args = { order(), {
    adapter("atom", { healthy = false }),
    adapter("mpt", { capabilities = { "sms.send" } }),
    adapter("mytel"),
  } },
  expect = {
    adapter = "mytel",
    candidates = {
      { name = "mytel", why = "can take the order" },
      { name = "atom", why = "is unhealthy" },
      { name = "mpt", why = "lacks profile.order, profile.confirm" },
    },
  },
}

return cases
