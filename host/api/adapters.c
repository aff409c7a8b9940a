/* /v1/adapters, /health/adapters/{name} */
#include <string.h>

#include "api/adapter_sight.h"
#include "api/call.h"
#include "api/record.h"
#include "api/refuse.h"
#include "api/resources.h"
#include "api/shapes.h"
#include "api/worker.h"
#include "base/json.h"
#include "order/engine.h"

/* ---- what could not be loaded ---- */

/* In the form of what was: nobody has to search the log. */
static json_t *failure_document(const json_t *failure)
{
    json_t *health = json_object();
    json_object_set_new(health, "ready", json_false());
    json_object_set_new(health, "healthy", json_false());
    json_put_text(health, "reason", json_text(failure, "reason"));
    json_t *document = json_object();
    json_put_text(document, "name", json_text(failure, "name"));
    json_object_set_new(document, "health", health);
    return document;
}

/* NULL: no such failure. */
static const json_t *failure_called(const struct adapter_snapshot *now,
                                    const char *name)
{
    for (size_t i = 0; i < json_array_size(now->failures); i++) {
        const json_t *failure = json_array_get(now->failures, i);
        if (strcmp(json_text(failure, "name"), name) == 0)
            return failure;
    }
    return NULL;
}

/* ---- look ---- */

/* What is of other tenants' own views is theirs; "default" is who runs the host. */
static json_t *copy_for(const struct call *call, const struct adapter_entry *entry)
{
    static const char *const lists[] = { "sessions", "refusals" };
    json_t *copy = json_deep_copy(entry->show);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        json_t *list = json_object_get(copy, lists[i]);
        for (size_t at = json_array_size(list); at-- > 0;) {
            const char *tenant = json_text(json_array_get(list, at), "tenant");
            if (tenant != NULL && strcmp(tenant, call->tenant) != 0 &&
                strcmp(call->tenant, "default") != 0)
                json_array_remove(list, at);
        }
    }
    return copy;
}

static void list_adapters(struct call *call)
{
    const struct adapter_snapshot *now = adapter_sight_now(call->worker->adapters);
    json_t *items = json_array();
    for (unsigned i = 0; i < now->count; i++)
        json_array_append_new(items, copy_for(call, &now->entries[i]));
    for (size_t i = 0; i < json_array_size(now->failures); i++)
        json_array_append_new(items,
                              failure_document(json_array_get(now->failures, i)));
    call_json(call, 200, json_pack("{s:o}", "items", items));
}

/* By name or alias: a new document; NULL: nobody is called so. */
static json_t *known(struct call *call)
{
    const char *name = call->params.value[0];
    const struct adapter_snapshot *now = adapter_sight_now(call->worker->adapters);
    const struct adapter_entry *entry = directory_find(now, name);
    const json_t *failure = entry == NULL ? failure_called(now, name) : NULL;
    if (entry != NULL)
        return copy_for(call, entry);
    return failure == NULL ? NULL : failure_document(failure);
}

static void say_unknown(struct call *call)
{
    call_problem(call, PROBLEM_NOT_FOUND, "no adapter is called %s",
                 call->params.value[0]);
}

/* As above; NULL has been answered with 404. */
static json_t *named(struct call *call)
{
    json_t *document = known(call);
    if (document == NULL)
        say_unknown(call);
    return document;
}

static void show_adapter(struct call *call)
{
    json_t *document = named(call);
    if (document != NULL)
        call_json(call, 200, document);
}

static const char *status_of(const json_t *health)
{
    if (!json_bool(health, "ready", false))
        return "down";
    return json_bool(health, "healthy", false) ? "healthy" : "degraded";
}

static void show_health(struct call *call)
{
    json_t *document = named(call);
    if (document == NULL)
        return;
    json_t *health = json_deep_copy(json_object_get(document, "health"));
    bool ready = json_bool(health, "ready", false);
    json_put_text(health, "name", json_text(document, "name"));
    json_put_text(health, "version", json_text(document, "version"));
    json_put_text(health, "status", status_of(health));
    json_decref(document);
    call_json(call, ready ? 200 : 503, health);
}

/* ---- reload ---- */

struct reload {
    struct call *call;
    bool is_new; /* Nobody was called so before. */
    bool ok;
    char version[64];
    struct err err;
};

static void say_verdict(struct call *call, void *arg)
{
    const struct reload *reload = arg;
    if (!reload->ok && reload->is_new && reload->err.code == ERR_NOT_FOUND) {
        say_unknown(call);
        return;
    }
    if (!reload->ok) {
        call_problem(call, PROBLEM_CONFLICT, "%s: %s",
                     reload->is_new ? "it is not loaded" : "the old version stays",
                     reload->err.text);
        return;
    }
    call_json(call, 200,
              json_pack("{s:s,s:s,s:s}", "name", call->params.value[0], "version",
                        reload->version, "state", "active"));
}

static void on_reloaded(void *arg, bool ok, const char *version, const struct err *err)
{
    struct reload *reload = arg;
    reload->ok = ok;
    if (err != NULL)
        reload->err = *err;
    if (!slice_copy(slice_of(version), reload->version, sizeof reload->version))
        reload->version[0] = '\0';
    record_then(reload->call, ok ? "done" : "failed",
                ok ? reload->version : reload->err.text, say_verdict, reload);
}

/* A name that nobody has may be that of a manifest which came since the start. */
static void reload_adapter(struct call *call)
{
    json_t *document = known(call);
    const char *name = document == NULL
                           ? call->params.value[0]
                           : arena_text(call->arena, json_text(document, "name"));
    struct reload *reload = arena_alloc(call->arena, sizeof *reload);
    if (name == NULL || reload == NULL) {
        call_problem(call, PROBLEM_TOO_LARGE, "the request needs too much memory");
    } else {
        reload->call = call;
        reload->is_new = document == NULL;
        engine_reload(call->worker->shared->parts.engine, name, call->worker->loop,
                      on_reloaded, reload);
    }
    json_decref(document);
}

/* ---- rows ---- */

/* clang-format off */
static const struct route_reply list_replies[] = {
    { 200, &shape_adapter_list, NULL, "Every adapter that is loaded, or failed to load." },
    { 0 },
};
static const struct route_reply show_replies[] = {
    { 200, &shape_adapter, NULL, "The adapter." },
    { 404, &shape_problem, NULL, "No adapter has this name or alias." },
    { 0 },
};
static const struct route_reply health_replies[] = {
    { 200, &shape_adapter_health, NULL, "It runs; status says how well." },
    { 404, &shape_problem, NULL, "No adapter has this name or alias." },
    { 503, &shape_adapter_health, NULL, "It is down." },
    { 0 },
};
static const struct route_reply reload_replies[] = {
    { 200, &shape_adapter_reload, NULL, "Verified, started and swapped; operations go on." },
    { 404, &shape_problem, NULL, "No adapter and no manifest has this name." },
    { 409, &shape_problem, NULL, "The verdict was no; the old version, if any, stays." },
    { 0 },
};

static const struct route rows[] = {
    { .method = "GET", .path = "/v1/adapters", .permission = "adapter.read",
      .id = "adapter.list", .replies = list_replies, .flags = ROUTE_HOSTWIDE,
      .handle = list_adapters, .text = "The adapters." },
    { .method = "GET", .path = "/v1/adapters/{name}", .permission = "adapter.read",
      .id = "adapter.show", .replies = show_replies, .flags = ROUTE_HOSTWIDE,
      .handle = show_adapter, .text = "One adapter." },
    { .method = "POST", .path = "/v1/adapters/{name}/reload",
      .permission = "adapter.reload", .id = "adapter.reload", .replies = reload_replies,
      .flags = ROUTE_HOSTWIDE, .handle = reload_adapter,
      .text = "Load the manifest in the folder, a newer or a new one, as one transaction." },
    { .method = "GET", .path = "/health/adapters/{name}", .permission = "health.read",
      .id = "adapter.health", .replies = health_replies, .flags = ROUTE_HOSTWIDE,
      .handle = show_health, .text = "How one adapter is." },
};
/* clang-format on */

ROUTES(adapter_routes, rows);
