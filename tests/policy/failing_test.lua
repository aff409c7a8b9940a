-- Cases that must fail, each in its own way, and one that passes.
local viewer = {
  subject = { id = "u", kind = "unix", tenant = "acme", roles = { "viewer" } },
  permission = "order.create",
  tenant = "acme",
}
local function case(expect, says, fails, request)
  return {
    name = "one",
    call = "authorize",
    args = { request or viewer },
    expect = expect,
    says = says,
    fails = fails,
  }
end

return {
  case { allow = false },
  case { allow = true },
  case(nil, "because"),
  case({ allow = false }, nil, nil, {}),
  case(nil, nil, "moon", {}),
  case(nil, nil, "moon"),
  case { list = { 1 } },
  case { allow = null },
}
