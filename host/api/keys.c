/* /v1/keys */
#include <stdatomic.h>
#include <string.h>

#include "api/call.h"
#include "api/key_store.h"
#include "api/record.h"
#include "api/refuse.h"
#include "api/resources.h"
#include "api/shapes.h"
#include "api/worker.h"
#include "base/json.h"

/* ---- list ---- */

struct listing {
    const char *tenant;
    json_t *items;
};

static bool list(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;
    return api_key_list(db, listing->tenant, &listing->items, err);
}

static void list_keys(struct call *call)
{
    struct listing listing = { .tenant = call->tenant };
    if (call_read(call, list, &listing))
        call_json(call, 200, json_pack("{s:o}", "items", listing.items));
}

/* ---- create ---- */

struct creation {
    struct call *call;
    struct api_key_new key;
};

static bool create(struct db *db, void *arg, struct err *err)
{
    struct creation *creation = arg;
    struct call *call = creation->call;
    if (!api_key_create(db, &creation->key, err))
        return false;
    return record_write(db, call, creation->key.id, "done", call->authorized.reason,
                        NULL, err);
}

static void on_created(void *arg, bool ok, const struct err *err)
{
    struct creation *creation = arg;
    struct call *call = creation->call;
    if (!ok) {
        refuse_failed(call, err);
        return;
    }
    json_t *made = json_object();
    json_put_text(made, "id", creation->key.id);
    json_put_text(made, "tenant", call->tenant);
    json_put_text(made, "subject", creation->key.subject);
    json_object_set(made, "roles", (json_t *)creation->key.roles);
    json_put_text(made, "key", creation->key.text);
    explicit_bzero(creation->key.text, sizeof creation->key.text);
    call_field(call, "Location", "/v1/keys/%s", creation->key.id);
    call_json(call, 201, made);
}

static bool names_role(const json_t *roles, const char *name)
{
    size_t i;
    json_t *role;
    json_array_foreach(roles, i, role)
    {
        if (strcmp(json_string_value(role), name) == 0)
            return true;
    }
    return false;
}

/* What may act in every tenant is given by its like only. */
static void create_key(struct call *call)
{
    const json_t *roles = json_object_get(call->body, "roles");
    struct creation *creation = arena_alloc(call->arena, sizeof *creation);
    struct err err = ERR_INIT;
    if (creation == NULL) {
        call_problem(call, PROBLEM_TOO_LARGE, "the request needs too much memory");
        return;
    }
    if (names_role(roles, "superadmin") && !call->who.is_superadmin) {
        err_set(&err, ERR_DENIED, "only a superadmin makes a superadmin");
        refuse_failed(call, &err);
        return;
    }
    creation->call = call;
    creation->key = (struct api_key_new){ .tenant = call->tenant,
                                          .subject = json_text(call->body, "subject"),
                                          .roles = roles };
    call_write(call, create, on_created, creation);
}

/* ---- revoke ---- */

static bool revoke(struct db *db, void *arg, struct err *err)
{
    const struct call *call = arg;
    return api_key_revoke(db, call->tenant, call->params.value[0], err) &&
           record_write(db, call, NULL, "done", call->authorized.reason, NULL, err);
}

static void on_revoked(void *arg, bool ok, const struct err *err)
{
    struct call *call = arg;
    if (!ok) {
        refuse_failed(call, err);
        return;
    }
    atomic_fetch_add(&call->worker->shared->key_generation, 1);
    call_empty(call, 204);
}

static void revoke_key(struct call *call)
{
    call_write(call, revoke, on_revoked, call);
}

/* ---- rows ---- */

/* clang-format off */
static const struct route_reply list_replies[] = {
    { 200, &shape_key_list, NULL, "The tenant's keys, without their secrets." },
    { 0 },
};
static const struct route_reply create_replies[] = {
    { 201, &shape_key_made, NULL, "Made. The key is shown this once." },
    { 0 },
};
static const struct route_reply revoke_replies[] = {
    { 204, NULL, NULL, "Revoked: it opens nothing any more." },
    { 0 },
};

static const struct route rows[] = {
    { .method = "GET", .path = "/v1/keys", .permission = "key.list", .id = "key.list",
      .replies = list_replies, .handle = list_keys, .text = "API keys." },
    { .method = "POST", .path = "/v1/keys", .permission = "key.create",
      .id = "key.create", .body = &shape_key_new, .replies = create_replies,
      .flags = ROUTE_SECRET, .handle = create_key, .text = "Make an API key." },
    { .method = "DELETE", .path = "/v1/keys/{id}", .permission = "key.revoke",
      .id = "key.revoke", .replies = revoke_replies, .flags = ROUTE_OBJECT,
      .handle = revoke_key, .text = "Revoke an API key." },
};
/* clang-format on */

ROUTES(key_routes, rows);
