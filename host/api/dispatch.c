#include "api/dispatch.h"

#include <string.h>

#include "api/call.h"
#include "api/input.h"
#include "api/key_store.h"
#include "api/refuse.h"
#include "api/trace.h"
#include "api/worker.h"
#include "base/clock.h"
#include "base/json.h"

/* ---- request id, trace ---- */

/* A client's own id is kept when it is short and plain: it ends up in logs. */
static void name_request(struct call *call)
{
    const struct http_request *request = call->request;
    struct slice given = http_field_of(request->fields, request->field_count,
                                       "X-Request-Id");
    bool fine = given.size > 0 && slice_copy(given, call->request_id, ID_SIZE);
    for (size_t i = 0; fine && i < given.size; i++)
        fine = strchr(
                   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.",
                   given.ptr[i]) != NULL;
    if (!fine)
        id_new(call->request_id);
    trace_child(http_field_of(request->fields, request->field_count, "traceparent"),
                call->trace);
}

/* ---- route ---- */

static bool find_route(struct call *call, unsigned sides)
{
    char allow[64];
    call->route = route_match(call->request->method, call->request->path, sides,
                              &call->params, allow);
    if (call->route != NULL)
        return true;
    if (allow[0] == '\0') {
        call_problem(call, PROBLEM_NOT_FOUND, "there is nothing at this path");
        return false;
    }
    call_field(call, "Allow", "%s", allow);
    call_problem(call, PROBLEM_METHOD, "this path takes %s", allow);
    return false;
}

/* ---- who ---- */

static bool find_who(struct call *call)
{
    struct err err = ERR_INIT;
    enum who_found found = identity_of(&call->worker->identity, call->request,
                                       &call->who, &err);
    if (found == WHO_KNOWN) {
        call->tenant = call->who.tenant;
        return true;
    }
    if (err.code == ERR_UNAVAILABLE) {
        call_error(call, &err);
        return false;
    }
    call_field(call, "WWW-Authenticate", "Bearer realm=\"esimd\"%s",
               found == WHO_WRONG ? ", error=\"invalid_token\"" : "");
    call_problem(call, PROBLEM_UNAUTHENTICATED, "%s",
                 found == WHO_WRONG ? err.text
                                    : "send Authorization: Bearer and a key");
    return false;
}

/* ---- tenant ---- */

struct tenant_look {
    const char *name;
    bool there;
};

static bool look_for_tenant(struct db *db, void *arg, struct err *err)
{
    struct tenant_look *look = arg;
    return tenant_exists(db, look->name, &look->there, err);
}

/* A tenant that is not there and one that is not yours are the same answer. */
static bool choose_tenant(struct call *call)
{
    const char *named = call_header(call, "Esim-Tenant");
    if (named == NULL || strcmp(named, call->who.tenant) == 0)
        return true;
    struct tenant_look look = { .name = named };
    if (call->who.is_superadmin && !call_read(call, look_for_tenant, &look))
        return false;
    if (look.there) {
        call->tenant = named;
        return true;
    }
    call_problem(call, PROBLEM_DENIED, "this tenant is not yours");
    return false;
}

/* ---- rate ---- */

static bool within_rate(struct call *call)
{
    struct rate_verdict verdict;
    rate_take(call->worker->shared->rate, call->who.subject, call->who.tenant,
              &verdict);
    if (!verdict.limited)
        return true;
    call_field(call, "RateLimit-Policy", "\"identity\";q=%lld;w=%lld",
               (long long)verdict.limit, (long long)verdict.window_s);
    call_field(call, "RateLimit", "\"identity\";r=%lld;t=%lld",
               (long long)verdict.remaining, (long long)verdict.retry_s);
    if (verdict.allow)
        return true;
    call_field(call, "Retry-After", "%lld", (long long)verdict.retry_s);
    call_problem(call, PROBLEM_RATE, "this identity may send %lld requests in %lld s",
                 (long long)verdict.limit, (long long)verdict.window_s);
    return false;
}

/* ---- policy ---- */

/* The `request` of authorize(request): policies/README.md. */
static json_t *policy_request(const struct call *call)
{
    json_t *request = json_object();
    json_object_set(request, "subject", call->who.card);
    json_put_text(request, "tenant", call->tenant);
    json_put_text(request, "permission", call->route->permission);
    json_object_set_new(request, "route",
                        json_sprintf("%s %s", call->route->method, call->route->path));
    json_t *resource = json_object();
    if (call->params.value[0][0] != '\0')
        json_put_text(resource, "id", call->params.value[0]);
    json_object_set_new(request, "resource", resource);
    return request;
}

static void on_authorized(struct call *call, const struct policy_decision *decision)
{
    if (!call_keep_decision(call, "authorize", decision, &call->authorized)) {
        call_problem(call, PROBLEM_TOO_LARGE, "the request needs too much memory");
        return;
    }
    call->actor.decision_id = call->authorized.id;
    call->actor.reason = call->authorized.reason;
    call->actor.policy_revision = decision->revision;
    if (decision->failed) {
        call_field(call, "Retry-After", "1");
        call_problem(call, PROBLEM_UNAVAILABLE, "the policy cannot decide now");
    } else if (!decision->allow) {
        refuse_denied(call);
    } else {
        call->route->handle(call);
    }
}

static void authorize(struct call *call)
{
    call->actor = (struct order_actor){ .tenant = call->tenant,
                                        .subject = call->who.subject,
                                        .request_id = call->request_id,
                                        .trace = call->trace };
    call_ask(call, "authorize", json_pack("[o]", policy_request(call)), on_authorized);
    if (call->route->early != NULL)
        call->route->early(call);
}

/* ---- all of it ---- */

static bool is_open(const struct route *route)
{
    return strcmp(route->permission, ROUTE_PUBLIC) == 0 ||
           (route->flags & ROUTE_CALLBACK) != 0;
}

void dispatch(struct http_exchange *exchange, void *arg)
{
    const struct listener *listener = arg;
    struct arena *arena = http_exchange_arena(exchange);
    struct call *call = arena_alloc(arena, sizeof *call);
    if (call == NULL) {
        struct http_reply busy = { .status = 503 };
        http_answer(exchange, &busy);
        return;
    }
    call->worker = listener->worker;
    call->exchange = exchange;
    call->request = http_exchange_request(exchange);
    call->arena = arena;
    call->started_us = clock_mono_us();
    worker_call_began(call->worker);
    name_request(call);
    if (!find_route(call, listener->sides))
        return;
    if (is_open(call->route)) {
        call->route->handle(call);
        return;
    }
    if (find_who(call) && choose_tenant(call) && within_rate(call) && input_read(call))
        authorize(call);
}
