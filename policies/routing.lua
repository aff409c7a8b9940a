-- routing.lua - which adapter serves an order.
--
-- esimd calls route(order, adapters) once for each new order. The answer names one of
-- the adapters, or none, and says why. It also lists every adapter that was looked at
-- with the reason for or against it: `esimctl order get` shows that list.
--
-- Rules, first match wins. An adapter that lacks something the order needs never wins.
--   1. The carrier that the order names; if it is unhealthy, the order waits for it.
--   2. The carrier that holds the profile which the order names; likewise. What is asked
--      of a device with that profile is no carrier's business.
--   3. The carrier that the telephone number points to, if healthy.
--   4. The tenant's preferred carriers, in order, if healthy.
--   5. The first by name that is healthy.
--   6. The first by name; the order waits until it is healthy again.

-- Number ranges: the digits that follow the country code, longest match first. A hint
-- only, for a number may have been ported to another carrier.
-- Source: the ranges published in libphonenumber for Myanmar (+95), mobile.
local NUMBER_RANGES = {
  {
    country_code = "95",
    prefixes = {
      ["92"] = "mpt",   ["93"] = "mpt",   ["95"] = "mpt",
      ["940"] = "mpt",  ["941"] = "mpt",  ["942"] = "mpt",  ["943"] = "mpt",
      ["944"] = "mpt",  ["945"] = "mpt",  ["947"] = "mpt",  ["949"] = "mpt",
      ["973"] = "mpt",  ["981"] = "mpt",  ["983"] = "mpt",  ["984"] = "mpt",
      ["985"] = "mpt",  ["986"] = "mpt",  ["987"] = "mpt",  ["988"] = "mpt",
      ["989"] = "mpt",  ["991"] = "mpt",
      ["97"] = "atom",
      ["994"] = "ooredoo", ["995"] = "ooredoo", ["996"] = "ooredoo",
      ["997"] = "ooredoo", ["998"] = "ooredoo",
      ["96"] = "mytel",
    },
  },
}

-- Preferred carriers of a tenant, best first. A tenant that is not listed has none.
local PREFERENCES = {
  example = { "mytel", "ooredoo" }, -- shows the form
}

--------------------------------------------------------------------------------------
-- From here on: how the tables are read.

local function contains(list, wanted)
  for _, value in ipairs(list or {}) do
    if value == wanted then
      return true
    end
  end
  return false
end

local function is_called(adapter, name)
  return adapter.name == name or contains(adapter.aliases, name)
end

-- "+95 9 97..", "0095997..", "95997.." and "0997.." all mean the same number: the
-- digits after the country code, or nil when it is of no country listed above.
local function national_digits(number, country_code)
  local digits = number:gsub("%D", "")
  local rest = digits:match("^00" .. country_code .. "(.+)")
    or digits:match("^" .. country_code .. "(.+)")
  if rest or number:match("^%s*%+") then
    return rest
  end
  return digits:match("^0([^0].*)")
end

-- The carrier of the longest prefix that the number begins with, and that prefix.
local function carrier_of_number(number)
  for _, range in ipairs(NUMBER_RANGES) do
    local digits = national_digits(number, range.country_code) or ""
    for length = #digits, 1, -1 do
      local prefix = digits:sub(1, length)
      if range.prefixes[prefix] then
        return range.prefixes[prefix], "+" .. range.country_code .. " " .. prefix
      end
    end
  end
end

-- The needed capabilities that the adapter does not have.
local function missing_capabilities(adapter, needs)
  local missing = {}
  for _, need in ipairs(needs or {}) do
    if not contains(adapter.capabilities, need) then
      missing[#missing + 1] = need
    end
  end
  return missing
end

-- How well the adapter suits the order, best first, and the words for it.
local READY, UNHEALTHY, UNFIT = 1, 2, 3

local function judge(adapter, order)
  local missing = missing_capabilities(adapter, order.needs)
  if #missing > 0 then
    return UNFIT, "lacks " .. table.concat(missing, ", ")
  end
  if not adapter.healthy then
    return UNHEALTHY, "is unhealthy"
  end
  return READY, "can take the order"
end

-- One entry for each adapter: the best suited first, equal ones by name.
local function examine(order, adapters)
  local candidates = {}
  for place, adapter in ipairs(adapters) do
    local grade, why = judge(adapter, order)
    candidates[place] = { adapter = adapter, grade = grade, why = why }
  end
  table.sort(candidates, function(a, b)
    if a.grade ~= b.grade then
      return a.grade < b.grade
    end
    return a.adapter.name < b.adapter.name
  end)
  return candidates
end

local function find(candidates, name)
  for _, candidate in ipairs(candidates) do
    if is_called(candidate.adapter, name) then
      return candidate
    end
  end
end

local function answer(candidates, chosen, reason)
  local shown = list {}
  for _, candidate in ipairs(candidates) do
    shown[#shown + 1] = { name = candidate.adapter.name, why = candidate.why }
  end
  return {
    adapter = chosen and chosen.adapter.name,
    reason = reason,
    candidates = shown,
  }
end

-- Rule 1. Says nothing when the order names no carrier; otherwise it decides alone: an
-- order for one carrier is never given to another.
local function by_name(order, candidates)
  if not order.carrier then
    return nil
  end
  local named = find(candidates, order.carrier)
  if not named then
    return answer(candidates, nil, "no adapter is called " .. order.carrier)
  end
  local name = named.adapter.name
  if named.grade == UNFIT then
    return answer(candidates, nil, name .. " " .. named.why)
  end
  if named.grade == UNHEALTHY then
    return answer(candidates, named,
      "the order names " .. order.carrier .. ", and waits while it is unhealthy")
  end
  return answer(candidates, named, "the order names " .. order.carrier)
end

-- Rule 2. Nobody else knows the profile, so it decides alone.
local function by_holder(order, candidates)
  local holder = order.holder and find(candidates, order.holder)
  if not holder or order.type:match("^device%.") then
    return nil
  end
  local name = holder.adapter.name
  if holder.grade == UNFIT then
    return answer(candidates, nil, name .. " holds the profile and " .. holder.why)
  end
  if holder.grade == UNHEALTHY then
    return answer(candidates, holder,
      name .. " holds the profile, and the order waits while it is unhealthy")
  end
  return answer(candidates, holder, name .. " holds the profile")
end

-- Rule 3.
local function by_number(order, candidates)
  local carrier, prefix = carrier_of_number(order.msisdn or "")
  local candidate = carrier and find(candidates, carrier)
  if candidate and candidate.grade == READY then
    return answer(candidates, candidate,
      "the number begins with " .. prefix .. ", a range of " .. carrier)
  end
end

-- Rule 4.
local function by_preference(order, candidates)
  for place, name in ipairs(PREFERENCES[order.tenant] or {}) do
    local candidate = find(candidates, name)
    if candidate and candidate.grade == READY then
      return answer(candidates, candidate,
        ("choice %d of the tenant %s"):format(place, order.tenant))
    end
  end
end

-- Why no adapter will do, in one sentence.
local function what_is_missing(order, candidates)
  if #candidates == 0 then
    return "no adapter is loaded"
  end
  local whys = {}
  for place, candidate in ipairs(candidates) do
    whys[place] = candidate.adapter.name .. " " .. candidate.why
  end
  return ("no adapter can take an order of type %s: %s"):format(
    order.type, table.concat(whys, "; "))
end

-- Rules 5 and 6: the candidates are in that order already.
local function by_order(order, candidates)
  local first = candidates[1]
  if not first or first.grade == UNFIT then
    return answer(candidates, nil, what_is_missing(order, candidates))
  end
  if first.grade == UNHEALTHY then
    return answer(candidates, first,
      "the first by name; the order waits, for all that could take it are unhealthy")
  end
  return answer(candidates, first, "the first by name that can take the order")
end

--- Who serves this order? See README.md for the fields.
---@param order esim.Order
---@param adapters esim.Adapter[]
---@return esim.Route
function route(order, adapters)
  local candidates = examine(order, adapters)
  return by_name(order, candidates)
    or by_holder(order, candidates)
    or by_number(order, candidates)
    or by_preference(order, candidates)
    or by_order(order, candidates)
end
