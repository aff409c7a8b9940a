---@meta
-- What policies see, for editors (lua-language-server). Never loaded by the host.

---@class esim.Subject
---@field id string
---@field kind "api_key"|"unix"|"certificate"
---@field tenant string
---@field roles string[]

---@class esim.Request
---@field subject esim.Subject
---@field permission string            for example "order.create"
---@field tenant string                the resource's tenant
---@field route string                 for example "POST /v1/orders"
---@field resource table               what is known of it; may be empty

---@class esim.Decision
---@field allow boolean
---@field reason string

---@class esim.Order
---@field tenant string
---@field type string                  for example "profile.provision"
---@field plan string
---@field carrier string?              an adapter's name or alias
---@field msisdn string?
---@field eid string?
---@field imei string?
---@field iccid string?
---@field profile_type string?
---@field holder string?               the adapter that serves the profile of this iccid
---@field needs string[]               capabilities, for example "profile.order"

---@class esim.Adapter
---@field name string
---@field aliases string[]
---@field healthy boolean
---@field capabilities string[]
---@field version string

---@class esim.Candidate
---@field name string
---@field why string

---@class esim.Route
---@field adapter string?              one of those offered; nil: the order is rejected
---@field reason string
---@field candidates esim.Candidate[]?

--- Makes the table a list: it is written as [] when it is empty.
---@generic T: table
---@param t T
---@return T
function list(t) end

--- JSON's null, inside lists.
---@type lightuserdata
null = nil

---@param request esim.Request
---@return esim.Decision
function authorize(request) end

---@param order esim.Order
---@param adapters esim.Adapter[]
---@return esim.Route
function route(order, adapters) end
