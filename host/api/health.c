/* /livez, /readyz, /metrics */
#include "api/api.h"
#include "api/call.h"
#include "api/metrics.h"
#include "api/policy_seat.h"
#include "api/resources.h"
#include "api/shapes.h"
#include "api/worker.h"
#include "base/json.h"
#include "base/metric.h"
#include "order/engine.h"

enum { METRICS_BYTES = 8 << 20 };

static void live(struct call *call)
{
    call_bytes(call, 200, "text/plain; charset=utf-8", SLICE_LITERAL("ok\n"));
}

/* ---- ready ---- */

static bool one(const struct db_row *row, void *arg, struct err *err)
{
    (void)row, (void)arg, (void)err;
    return true;
}

static bool read_something(struct db *db, void *arg, struct err *err)
{
    return db_one(db, "SELECT COUNT(*) FROM tenants", DB_NO_ARGS, one, arg, err);
}

static bool store_is_ready(struct call *call)
{
    struct err err = ERR_INIT;
    return store_read(call->worker->reader, read_something, NULL, &err);
}

static bool policy_is_ready_here(struct call *call)
{
    return policy_is_ready(policy_seat_now(call->worker->policy));
}

static bool engine_is_ready_now(struct call *call)
{
    return engine_is_ready(call->worker->shared->parts.engine);
}

static bool is_staying(struct call *call)
{
    return !call->worker->shared->stopping;
}

static const struct {
    const char *name;
    bool (*is_ready)(struct call *call);
} checks[] = {
    { "store", store_is_ready },
    { "policy", policy_is_ready_here },
    { "engine", engine_is_ready_now },
    { "not_stopping", is_staying },
};

static void ready(struct call *call)
{
    bool all = true;
    bool verbose = call->request->query.size > 0 &&
                   slice_starts(call->request->query, "verbose");
    json_t *list = json_object();
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        bool is_ready = checks[i].is_ready(call);
        all = all && is_ready;
        json_object_set_new(list, checks[i].name, json_boolean(is_ready));
    }
    json_t *health = json_pack("{s:s}", "status", all ? "ready" : "not ready");
    if (verbose || !all)
        json_object_set(health, "checks", list);
    json_decref(list);
    call_json(call, all ? 200 : 503, health);
}

/* ---- metrics ---- */

static void show_metrics(struct call *call)
{
    int64_t queued, commit_us;
    struct buf text;
    const struct api_parts *parts = &call->worker->shared->parts;
    store_health(parts->store, &queued, &commit_us);
    metrics_gauges(queued, engine_in_flight(parts->engine));
    buf_init(&text, METRICS_BYTES);
    metric_render(&text);
    call_bytes(call, 200, "text/plain; version=0.0.4; charset=utf-8", buf_slice(&text));
    buf_finish(&text);
}

/* clang-format off */
static const struct route_reply live_replies[] = {
    { 200, NULL, "text/plain", "The process answers." },
    { 0 },
};
static const struct route_reply ready_replies[] = {
    { 200, &shape_health, NULL, "Store, policy and engine are there." },
    { 503, &shape_health, NULL, "One is not; checks says which." },
    { 0 },
};
static const struct route_reply metrics_replies[] = {
    { 200, NULL, "text/plain", "Prometheus' text format." },
    { 0 },
};
static const struct member ready_query[] = {
    { "verbose", MEMBER_TEXT, .text = "Name each check." },
    { NULL },
};

static const struct route rows[] = {
    { .method = "GET", .path = "/livez", .permission = ROUTE_PUBLIC, .id = "health.live",
      .replies = live_replies, .flags = ROUTE_HOSTWIDE, .handle = live,
      .text = "Is the process alive?" },
    { .method = "GET", .path = "/readyz", .permission = ROUTE_PUBLIC,
      .id = "health.ready", .query = ready_query, .replies = ready_replies,
      .flags = ROUTE_HOSTWIDE, .handle = ready, .text = "Can it serve?" },
    { .method = "GET", .path = "/metrics", .permission = "metrics.read",
      .id = "health.metrics", .replies = metrics_replies, .flags = ROUTE_HOSTWIDE,
      .handle = show_metrics, .text = "Counters, gauges, histograms." },
};
/* clang-format on */

ROUTES(health_routes, rows);
