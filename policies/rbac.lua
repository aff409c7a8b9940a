-- rbac.lua - who may do what.
--
-- esimd calls authorize(request) before it does anything. The answer says yes or no and
-- why; the why is shown to the caller and kept in the audit record. To change what a
-- role may do, edit the tables; the functions below them rarely need a change.
--
-- Try a change before it counts:   esimctl policy test policies/
-- See why it decides as it does:   esimctl policy eval policies/ authorize --explain

-- Every permission there is, and its kind.
--   READS  shows something.
--   ACTS   changes something, or gives a secret away.
local READS, ACTS = "reads", "acts"

local PERMISSIONS = {
  ["order.create"]   = ACTS,
  ["order.read"]     = READS,
  ["order.list"]     = READS,
  ["order.cancel"]   = ACTS,
  ["order.resolve"]  = ACTS,   -- decide about a step that is held for a person
  ["profile.read"]   = READS,
  ["profile.list"]   = READS,
  ["profile.reveal"] = ACTS,   -- see an activation code, or its QR
  ["device.read"]    = READS,
  ["device.list"]    = READS,
  ["account.read"]   = READS,
  ["line.read"]      = READS,
  ["line.list"]      = READS,
  ["adapter.read"]   = READS,
  ["adapter.reload"] = ACTS,
  ["policy.read"]    = READS,
  ["policy.reload"]  = ACTS,   -- take the signed revision that lies in the folder
  ["policy.check"]   = READS,  -- ask what a policy would decide
  ["audit.read"]     = READS,
  ["event.read"]     = READS,
  ["key.create"]     = ACTS,
  ["key.list"]       = READS,
  ["key.revoke"]     = ACTS,
  ["tenant.create"]  = ACTS,
  ["tenant.list"]    = READS,
  ["metrics.read"]   = READS,
  ["health.read"]    = READS,
}

-- The roles.
--   may          the permissions of this role.
--   includes     roles whose permissions it has too.
--   may_all      true: every permission.
--   all_tenants  true: also in tenants other than its own.
--   never_acts   true: whoever has this role may not act, not even by another role.
local ROLES = {
  viewer = {
    may = {
      "order.read", "order.list", "profile.read", "profile.list",
      "device.read", "device.list", "account.read", "line.read", "line.list",
      "adapter.read", "event.read", "health.read",
    },
  },

  -- Orders profiles, and only views accounts and lines.
  operator = {
    includes = { "viewer" },
    may = { "order.create", "order.cancel", "order.resolve", "profile.reveal" },
  },

  admin = {
    includes = { "operator" },
    may = {
      "adapter.reload", "policy.read", "policy.check", "policy.reload", "audit.read",
      "key.create", "key.list", "key.revoke", "tenant.list", "metrics.read",
    },
  },

  -- Helps customers: sees what happened, touches nothing, sees no activation code.
  support = {
    includes = { "viewer" },
    may = { "audit.read" },
  },

  -- Sees how the system is run, and can change nothing.
  auditor = {
    includes = { "viewer" },
    may = {
      "policy.read", "policy.check", "audit.read", "key.list", "tenant.list",
      "metrics.read",
    },
    never_acts = true,
  },

  -- A program that places orders. Add "profile.reveal" if it shows QR codes itself.
  ["api-client"] = {
    may = {
      "order.create", "order.read", "order.list", "order.cancel",
      "profile.read", "profile.list", "line.read", "line.list",
      "device.read", "device.list", "event.read", "health.read",
    },
  },

  superadmin = { may_all = true, all_tenants = true },
}

-- Other names of the same roles.
local ALIASES = { ["operator-admin"] = "admin" }

--------------------------------------------------------------------------------------
-- From here on: how the tables are read.

-- All that the role may do, with what it includes: { ["order.read"] = true, ... }.
local function permissions_of(name)
  local role = ROLES[name] or error("ROLES: no role is called " .. name)
  local set = {}
  for permission in pairs(PERMISSIONS) do
    set[permission] = role.may_all
  end
  for _, included in ipairs(role.includes or {}) do
    for permission in pairs(permissions_of(included)) do
      set[permission] = true
    end
  end
  for _, permission in ipairs(role.may or {}) do
    assert(PERMISSIONS[permission], "ROLES: " .. name .. " may " .. permission .. "?")
    set[permission] = true
  end
  return set
end

-- Worked out once, when the policy is loaded: a slip in the tables is found there.
local GRANTS = {}
for name in pairs(ROLES) do
  GRANTS[name] = permissions_of(name)
end

local function allow(reason)
  return { allow = true, reason = reason }
end

local function deny(reason)
  return { allow = false, reason = reason }
end

-- The subject's roles by their proper names; unknown ones grant nothing.
local function known_roles(subject)
  local names = {}
  for _, name in ipairs(subject.roles or {}) do
    name = ALIASES[name] or name
    if ROLES[name] then
      names[#names + 1] = name
    end
  end
  return names
end

local function any_role(names, property)
  for _, name in ipairs(names) do
    if ROLES[name][property] then
      return name
    end
  end
end

local function granting_role(names, permission)
  for _, name in ipairs(names) do
    if GRANTS[name][permission] then
      return name
    end
  end
end

-- A resource belongs to a tenant. Only a role with all_tenants crosses that border.
local function same_tenant(subject, tenant, names)
  return any_role(names, "all_tenants")
    or (tenant ~= nil and tenant == subject.tenant)
end

--- May this be done? See README.md for the request's fields.
---@param request esim.Request
---@return esim.Decision
function authorize(request)
  local subject, permission = request.subject, request.permission
  local names = known_roles(subject)
  local kind = PERMISSIONS[permission]

  if not kind then
    return deny("there is no permission " .. tostring(permission))
  end
  if #names == 0 then
    return deny("the subject has no known role")
  end
  if not same_tenant(subject, request.tenant, names) then
    return deny("the resource belongs to another tenant")
  end
  local bound = any_role(names, "never_acts")
  if bound and kind == ACTS then
    return deny("the role " .. bound .. " never acts, and " .. permission .. " does")
  end
  local role = granting_role(names, permission)
  if not role then
    return deny("no role of " .. table.concat(names, ", ") .. " may " .. permission)
  end
  return allow("the role " .. role .. " may " .. permission)
end
