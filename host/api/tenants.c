/* /v1/tenants */
#include <string.h>

#include "api/call.h"
#include "api/key_store.h"
#include "api/record.h"
#include "api/refuse.h"
#include "api/resources.h"
#include "api/shapes.h"
#include "api/worker.h"
#include "base/json.h"

static bool list(struct db *db, void *arg, struct err *err)
{
    return tenant_list(db, arg, err);
}

/* Who may list tenants still sees but its own, unless it may act in all. */
static void drop_others(const struct call *call, json_t *items)
{
    size_t i = json_array_size(items);
    while (!call->who.is_superadmin && i-- > 0)
        if (strcmp(json_text(json_array_get(items, i), "tenant"), call->who.tenant) !=
            0)
            json_array_remove(items, i);
}

static void list_tenants(struct call *call)
{
    json_t *items = NULL;
    if (!call_read(call, list, &items))
        return;
    drop_others(call, items);
    call_json(call, 200, json_pack("{s:o}", "items", items));
}

static bool create(struct db *db, void *arg, struct err *err)
{
    const struct call *call = arg;
    const char *tenant = json_text(call->body, "tenant");
    return tenant_create(db, tenant, json_text(call->body, "name"), err) &&
           record_write(db, call, tenant, "done", call->authorized.reason, NULL, err);
}

static void on_created(void *arg, bool ok, const struct err *err)
{
    struct call *call = arg;
    if (!ok) {
        refuse_failed(call, err);
        return;
    }
    json_t *tenant = json_object();
    const char *name = json_text(call->body, "name");
    json_put_text(tenant, "tenant", json_text(call->body, "tenant"));
    json_put_text(tenant, "name",
                  name == NULL ? json_text(call->body, "tenant") : name);
    call_json(call, 201, tenant);
}

static void create_tenant(struct call *call)
{
    call_write(call, create, on_created, call);
}

/* clang-format off */
static const struct route_reply list_replies[] = {
    { 200, &shape_tenant_list, NULL, "The tenants you may see." },
    { 0 },
};
static const struct route_reply create_replies[] = {
    { 201, &shape_tenant, NULL, "Made." },
    { 409, &shape_problem, NULL, "There is one of this name." },
    { 0 },
};

static const struct route rows[] = {
    { .method = "GET", .path = "/v1/tenants", .permission = "tenant.list",
      .id = "tenant.list", .replies = list_replies, .flags = ROUTE_HOSTWIDE,
      .handle = list_tenants, .text = "The tenants." },
    { .method = "POST", .path = "/v1/tenants", .permission = "tenant.create",
      .id = "tenant.create", .body = &shape_tenant_new, .replies = create_replies,
      .flags = ROUTE_HOSTWIDE, .handle = create_tenant, .text = "Make a tenant." },
};
/* clang-format on */

ROUTES(tenant_routes, rows);
