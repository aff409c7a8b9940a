/* /v1/orders */
#include <string.h>

#include "api/call.h"
#include "api/order_create.h"
#include "api/order_reply.h"
#include "api/page.h"
#include "api/refuse.h"
#include "api/resources.h"
#include "api/shapes.h"
#include "api/worker.h"
#include "base/json.h"

/* ---- one ---- */

static void show_order(struct call *call)
{
    order_reply(call, 200, call->params.value[0]);
}

/* ---- list ---- */

struct listing {
    struct order_query query;
    json_t *items;
    bool more;
};

static bool list(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;
    return order_list(db, &listing->query, &listing->items, &listing->more, err);
}

static void list_orders(struct call *call)
{
    struct page page;
    if (!page_read(call, &page))
        return;
    struct listing listing = { .query = {
                                   .tenant = call->tenant,
                                   .state = call_query(call, "state"),
                                   .carrier = call_query(call, "carrier"),
                                   .external_id = call_query(call, "external_id"),
                                   .iccid = call_query(call, "iccid"),
                                   .after_id = page.text,
                                   .limit = page.limit } };
    if (!call_read(call, list, &listing))
        return;
    const json_t *last = json_array_get(listing.items,
                                        json_array_size(listing.items) - 1);
    const char *last_id = last == NULL ? "" : json_text(last, "id");
    page_reply(call, json_object(), listing.items, listing.more,
               json_int(last, "created_ms", 0), last_id);
}

/* ---- changes ---- */

struct change {
    struct call *call;
    int64_t version; /* -1: any. */
    enum order_resolution resolution;
    const json_t *result;
};

static void on_changed(void *arg, bool ok, const struct err *err)
{
    struct change *change = arg;
    struct call *call = change->call;
    if (!ok) {
        refuse_failed(call, err);
        return;
    }
    order_reply(call, 202, call->params.value[0]);
}

static void change_order(struct call *call, const struct change *wanted,
                         bool (*run)(struct db *db, void *arg, struct err *err))
{
    struct change *change = arena_alloc(call->arena, sizeof *change);
    if (change == NULL) {
        call_problem(call, PROBLEM_TOO_LARGE, "the request needs too much memory");
        return;
    }
    *change = *wanted;
    if (order_if_match(call, &change->version))
        call_write(call, run, on_changed, change);
}

static bool cancel(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    return order_cancel(db, &change->call->actor, change->call->params.value[0],
                        change->version, err);
}

static void cancel_order(struct call *call)
{
    struct change change = { .call = call };
    change_order(call, &change, cancel);
}

static bool resolve(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    const struct call *call = change->call;
    return order_resolve(db, &call->actor, call->worker->shared->parts.sealer,
                         call->params.value[0], change->version, change->resolution,
                         change->result, err);
}

static const char *const resolutions[] = { [ORDER_STEP_DONE] = "done",
                                           [ORDER_STEP_NOT_DONE] = "not_done",
                                           [ORDER_GIVE_UP] = "give_up" };

static void resolve_order(struct call *call)
{
    struct change change = { .call = call,
                             .result = json_object_get(call->body, "result") };
    const char *word = json_text(call->body, "resolution");
    for (int i = ORDER_STEP_DONE; i <= ORDER_GIVE_UP; i++)
        if (strcmp(word, resolutions[i]) == 0)
            change.resolution = i;
    change_order(call, &change, resolve);
}

/* ---- rows ---- */

/* clang-format off */
static const struct member list_query[] = {
    { "state", MEMBER_TEXT, .format = "state", .text = "Only orders in this state." },
    { "carrier", MEMBER_TEXT, .format = "printable", .most = 64, .text = "Only this carrier's." },
    { "external_id", MEMBER_TEXT, .format = "printable", .most = 128, .text = "Only those you gave this id." },
    { "iccid", MEMBER_TEXT, .format = "iccid", .text = "Only those of this profile." },
    PAGE_PARAMETERS,
    { NULL },
};

static const struct route_reply create_replies[] = {
    { 202, &shape_order, NULL, "Accepted and durable, as it was then; Location says where to look. Idempotent-Replayed: true when this key had been used for it before." },
    { 200, &shape_order, NULL, "It ended (or is held) while you waited: Prefer: wait=N." },
    { 0 },
};
static const struct route_reply page_replies[] = {
    { 200, &shape_order_page, NULL, "A page, newest first; Link leads to the next." },
    { 0 },
};
static const struct route_reply show_replies[] = {
    { 200, &shape_order, NULL, "The order and its steps; ETag is its version." },
    { 304, NULL, NULL, "It is as your If-None-Match says." },
    { 0 },
};
static const struct route_reply change_replies[] = {
    { 202, &shape_order, NULL, "Taken; the order goes on from there." },
    { 409, &shape_problem, NULL, "The order's state does not allow it." },
    { 412, &shape_problem, NULL, "The order has another version than If-Match says." },
    { 0 },
};

static const struct route rows[] = {
    { .method = "POST", .path = "/v1/orders", .permission = "order.create",
      .id = "order.create", .body = &shape_order_new, .replies = create_replies,
      .flags = ROUTE_KEYED, .early = order_create_early, .handle = order_create,
      .text = "Place one order." },
    { .method = "GET", .path = "/v1/orders", .permission = "order.list",
      .id = "order.list", .query = list_query, .replies = page_replies,
      .handle = list_orders, .text = "Orders, newest first." },
    { .method = "GET", .path = "/v1/orders/{id}", .permission = "order.read",
      .id = "order.show", .replies = show_replies, .flags = ROUTE_OBJECT,
      .handle = show_order, .text = "One order and its steps." },
    { .method = "POST", .path = "/v1/orders/{id}/cancel", .permission = "order.cancel",
      .id = "order.cancel", .replies = change_replies, .flags = ROUTE_OBJECT,
      .handle = cancel_order, .text = "Ask for an order to be taken back." },
    { .method = "POST", .path = "/v1/orders/{id}/resolve", .permission = "order.resolve",
      .id = "order.resolve", .body = &shape_order_resolve, .replies = change_replies,
      .flags = ROUTE_OBJECT, .handle = resolve_order,
      .text = "Say what became of a step that nobody could tell about." },
};
/* clang-format on */

ROUTES(order_routes, rows);
