-- rbac_test.lua - cases for rbac.lua. Run: esimctl policy test policies/

local ROLES = {
  "viewer", "operator", "admin", "support", "auditor", "api-client", "superadmin",
}

-- One row for each permission, one column for each role in the order above. Written by
-- hand on purpose: this is what we mean, rbac.lua is how it is said.
--                       view oper admn supp audi clnt supr
local MATRIX = {
  ["order.create"]   = { "-", "x", "x", "-", "-", "x", "x" },
  ["order.read"]     = { "x", "x", "x", "x", "x", "x", "x" },
  ["order.list"]     = { "x", "x", "x", "x", "x", "x", "x" },
  ["order.cancel"]   = { "-", "x", "x", "-", "-", "x", "x" },
  ["order.resolve"]  = { "-", "x", "x", "-", "-", "-", "x" },
  ["profile.read"]   = { "x", "x", "x", "x", "x", "x", "x" },
  ["profile.list"]   = { "x", "x", "x", "x", "x", "x", "x" },
  ["profile.reveal"] = { "-", "x", "x", "-", "-", "-", "x" },
  ["device.read"]    = { "x", "x", "x", "x", "x", "x", "x" },
  ["device.list"]    = { "x", "x", "x", "x", "x", "x", "x" },
  ["account.read"]   = { "x", "x", "x", "x", "x", "-", "x" },
  ["line.read"]      = { "x", "x", "x", "x", "x", "x", "x" },
  ["line.list"]      = { "x", "x", "x", "x", "x", "x", "x" },
  ["adapter.read"]   = { "x", "x", "x", "x", "x", "-", "x" },
  ["adapter.reload"] = { "-", "-", "x", "-", "-", "-", "x" },
  ["policy.read"]    = { "-", "-", "x", "-", "x", "-", "x" },
  ["policy.reload"]  = { "-", "-", "x", "-", "-", "-", "x" },
  ["policy.check"]   = { "-", "-", "x", "-", "x", "-", "x" },
  ["audit.read"]     = { "-", "-", "x", "x", "x", "-", "x" },
  ["event.read"]     = { "x", "x", "x", "x", "x", "x", "x" },
  ["key.create"]     = { "-", "-", "x", "-", "-", "-", "x" },
  ["key.list"]       = { "-", "-", "x", "-", "x", "-", "x" },
  ["key.revoke"]     = { "-", "-", "x", "-", "-", "-", "x" },
  ["tenant.create"]  = { "-", "-", "-", "-", "-", "-", "x" },
  ["tenant.list"]    = { "-", "-", "x", "-", "x", "-", "x" },
  ["metrics.read"]   = { "-", "-", "x", "-", "x", "-", "x" },
  ["health.read"]    = { "x", "x", "x", "x", "x", "x", "x" },
}

local function request(roles, permission, tenant)
  return {
    subject = { id = "u1", kind = "api_key", tenant = "acme", roles = list(roles) },
    permission = permission,
    tenant = tenant or "acme",
    route = "GET /v1/anything",
    resource = {},
  }
end

local cases = {}

local function case(name, asked, expected, says)
  cases[#cases + 1] = {
    name = name,
    call = "authorize",
    args = { asked },
    expect = { allow = expected },
    says = says,
  }
end

for permission, row in pairs(MATRIX) do
  for column, role in ipairs(ROLES) do
    local may = row[column] == "x"
    case(role .. (may and " may " or " may not ") .. permission,
      request({ role }, permission), may)
  end
end

case("an operator-admin is an admin",
  request({ "operator-admin" }, "key.create"), true, "the role admin may")
case("two roles may what either may",
  request({ "support", "operator" }, "order.create"), true, "the role operator may")
case("an auditor cannot act, even as an admin",
  request({ "admin", "auditor" }, "order.create"), false, "never acts")
case("an auditor who is an admin still reads what an admin reads",
  request({ "admin", "auditor" }, "audit.read"), true)
case("an auditor cannot act, even as a superadmin",
  request({ "superadmin", "auditor" }, "tenant.create"), false, "never acts")
case("an admin of one tenant is nobody in another",
  request({ "admin" }, "order.read", "globex"), false, "another tenant")
case("a superadmin is one everywhere",
  request({ "superadmin" }, "order.read", "globex"), true)
case("an unknown role grants nothing",
  request({ "root" }, "order.read"), false, "no known role")
case("an unknown role beside a known one changes nothing",
  request({ "root", "viewer" }, "order.read"), true)
case("nobody without a role may do anything",
  request({}, "health.read"), false, "no known role")
case("not even a superadmin may do what is not a permission",
  request({ "superadmin" }, "order.creat"), false, "no permission order.creat")
case("a denial names the roles and the permission",
  request({ "viewer", "support" }, "key.create"), false,
  "no role of viewer, support may key.create")

local without_tenant = request({ "admin" }, "order.read")
without_tenant.tenant = nil
case("a resource without a tenant belongs to no one", without_tenant, false,
  "another tenant")

local without_roles = request({}, "order.read")
without_roles.subject.roles = nil
case("a subject without a list of roles has none", without_roles, false,
  "no known role")

cases[#cases + 1] = {
  name = "a request without a subject is an error, not a yes",
  call = "authorize",
  args = { { permission = "order.read", tenant = "acme" } },
  fails = "subject",
}

return cases
