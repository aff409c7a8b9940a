#include "api/order_create.h"

#include <string.h>

#include "api/adapter_sight.h"
#include "api/call.h"
#include "api/input.h"
#include "api/order_members.h"
#include "api/order_reply.h"
#include "api/policy_seat.h"
#include "api/waiters.h"
#include "api/worker.h"
#include "base/json.h"
#include "crypto/digest.h"
#include "order/order_vars.h"
#include "order/plan.h"
#include "profile/profile_store.h"

struct creation {
    struct order_members members;
    struct order_accept accept;
    struct order_decision decisions[2]; /* authorize, route */
    const struct plan *plan;
    const char **skipped; /* Room for every step, and NULL. */
    char digest[DIGEST_TEXT_SIZE];
    bool authorized, routed;
};

/* ---- the payload ---- */

/* The same payload in another order of members is the same payload. With a key of the
 * tenant's, for a short message or a number could be guessed from a bare digest. */
static bool digest_body(struct call *call, char ret[DIGEST_TEXT_SIZE])
{
    struct buf *out = &call->worker->out;
    struct err err = ERR_INIT;
    buf_clear(out);
    json_write_sorted(call->body, out);
    bool ok = sealer_digest(call->worker->shared->parts.sealer, call->tenant,
                            buf_slice(out), ret, &err);
    buf_clear(out);
    return ok;
}

/* ---- routing ---- */

static bool request_has(const void *request, const char *member)
{
    return order_members_have(request, member);
}

static json_t *needs_of(const struct creation *creation)
{
    const struct plan *plan = creation->plan;
    json_t *needs = json_array();
    for (size_t i = 0; i < plan->step_count; i++)
        if (plan_step_is_needed(&plan->steps[i], request_has,
                                &creation->members.request))
            json_array_append_new(needs, json_string(plan->steps[i].capability));
    return needs;
}

/* The adapter that holds the profile which the order names, when it is one of ours. */
struct holder {
    const char *tenant, *iccid;
    char adapter[ORDER_NAME_SIZE];
};

static bool read_holder(struct db *db, void *arg, struct err *err)
{
    struct holder *holder = arg;
    return profile_holder(db, holder->tenant, holder->iccid, holder->adapter, err);
}

static void put_holder(const struct call *call, const struct creation *creation,
                       json_t *order)
{
    struct holder holder = { .tenant = call->tenant,
                             .iccid = creation->members.request.iccid };
    struct err none = ERR_INIT;
    if (holder.iccid != NULL &&
        store_read(call->worker->reader, read_holder, &holder, &none))
        json_put_text(order, "holder", holder.adapter);
}

/* The `order` of route(order, adapters): policies/README.md. */
static json_t *policy_order(const struct call *call, const struct creation *creation)
{
    const struct order_request *request = &creation->members.request;
    json_t *order = json_object();
    json_put_text(order, "type", request->type);
    json_put_text(order, "tenant", call->tenant);
    json_put_text(order, "plan", request->plan);
    json_put_text(order, "carrier", request->carrier);
    json_put_text(order, "msisdn", request->msisdn);
    json_put_text(order, "iccid", request->iccid);
    json_put_text(order, "eid", request->eid);
    json_put_text(order, "imei", request->imei);
    json_put_text(order, "profile_type", request->profile_type);
    json_put_text(order, "external_id", request->external_id);
    put_holder(call, creation, order);
    json_object_set_new(order, "needs", needs_of(creation));
    return order;
}

static bool entry_can(const void *entry, const char *capability)
{
    return adapter_entry_can(entry, capability);
}

static bool entry_fits(const struct adapter_entry *entry, struct creation *creation,
                       struct err *err)
{
    struct plan_match match = { entry_can, entry, request_has,
                                &creation->members.request };
    return plan_fits(creation->plan, &match, creation->skipped, err);
}

/* Why was none chosen? A named adapter that lacks a capability is worth its own code. */
static void say_no_adapter(struct call *call, struct creation *creation)
{
    struct err err = ERR_INIT;
    const struct adapter_snapshot *now = adapter_sight_now(call->worker->adapters);
    const char *carrier = creation->members.request.carrier;
    const struct adapter_entry *named = carrier == NULL ? NULL
                                                        : directory_find(now, carrier);
    if (named != NULL && !entry_fits(named, creation, &err))
        call_problem(call, PROBLEM_CAPABILITY, "%s: %s", named->name, err.text);
    else
        call_problem(call, PROBLEM_NO_ROUTE, "%s", creation->decisions[1].reason);
}

/* ---- an earlier order of the same key ---- */

static const char sql_earlier[] =
    "SELECT order_id, digest FROM idempotency WHERE tenant = $1 AND key = $2";

struct earlier {
    const struct call *call;
    char id[ID_SIZE];
    char digest[DIGEST_TEXT_SIZE];
};

static bool earlier_row(const struct db_row *row, void *arg, struct err *err)
{
    struct earlier *earlier = arg;
    return row_copy(row, 0, earlier->id, sizeof earlier->id, err) &&
           row_copy(row, 1, earlier->digest, sizeof earlier->digest, err);
}

static bool read_earlier(struct db *db, void *arg, struct err *err)
{
    struct earlier *earlier = arg;
    return db_one(db, sql_earlier,
                  DB_ARGS(db_text(earlier->call->tenant),
                          db_text(input_idempotency_key(earlier->call))),
                  earlier_row, earlier, err);
}

/* An order that was accepted is shown again, even if no adapter would take it today. */
static bool was_accepted(struct call *call, struct creation *creation)
{
    struct earlier earlier = { .call = call };
    struct err err = ERR_INIT;
    if (!store_read(call->worker->reader, read_earlier, &earlier, &err) ||
        strcmp(earlier.digest, creation->digest) != 0)
        return false;
    memcpy(creation->accept.id, earlier.id, sizeof earlier.id);
    return true;
}

/* ---- accepting ---- */

static void on_waited(struct call *call, bool ended)
{
    const struct creation *creation = call->state;
    order_reply(call, ended ? 200 : 202, creation->accept.id);
}

static void reply_accepted(struct call *call, struct creation *creation)
{
    int64_t wait_ms = waiters_asked_ms(call);
    if (creation->accept.again)
        call_field(call, "Idempotent-Replayed", "true");
    if (wait_ms == 0) {
        if (creation->accept.again)
            order_reply(call, 202, creation->accept.id);
        else
            order_reply_accepted(call, &creation->accept);
        return;
    }
    call_field(call, "Preference-Applied", "wait=%lld", (long long)(wait_ms / 1000));
    waiters_add(call->worker->waiters, call, creation->accept.id, wait_ms, on_waited);
}

static bool accept_order(struct db *db, void *arg, struct err *err)
{
    struct creation *creation = arg;
    return order_accept(db, &creation->accept, err);
}

static void on_accepted(void *arg, bool ok, const struct err *err)
{
    struct call *call = arg;
    struct creation *creation = call->state;
    if (ok) {
        reply_accepted(call, creation);
    } else if (err->code == ERR_CONFLICT &&
               strcmp(err->field, "Idempotency-Key") == 0) {
        call_problem(call, PROBLEM_KEY_REUSED, "%s", err->text);
    } else {
        call_error(call, err);
    }
}

static bool run_accept(struct db *db, void *arg, struct err *err)
{
    struct call *call = arg;
    return accept_order(db, call->state, err);
}

static bool seal_early(struct call *call, struct order_accept *accept)
{
    struct buf sealed;
    struct err err = ERR_INIT;
    buf_init(&sealed, ORDER_VARS_SEALED_LIMIT_BYTES);
    bool ok = order_accept_seal(accept, &sealed, &err);
    struct slice kept = { arena_copy(call->arena, sealed.ptr, sealed.size),
                          sealed.size };
    buf_finish(&sealed);
    accept->vars_sealed = kept;
    if (!ok)
        call_error(call, &err);
    else if (kept.ptr == NULL)
        call_problem(call, PROBLEM_TOO_LARGE, "the request needs too much memory");
    return ok && kept.ptr != NULL;
}

static void store_order(struct call *call, struct creation *creation)
{
    creation->decisions[0] = call->authorized;
    creation->accept = (struct order_accept){
        .actor = &call->actor,
        .request = &creation->members.request,
        .skipped = creation->skipped,
        .idempotency_key = input_idempotency_key(call),
        .route = "POST /v1/orders",
        .digest = creation->digest,
        .decisions = creation->decisions,
        .decision_count = 2,
        .sealer = call->worker->shared->parts.sealer,
    };
    id_new(creation->accept.id);
    if (seal_early(call, &creation->accept))
        call_write(call, run_accept, on_accepted, call);
}

/* The adapter the policy chose must exist and be able, whatever the script believes. */
static bool choice_stands(struct call *call, struct creation *creation, struct err *err)
{
    const struct adapter_snapshot *now = adapter_sight_now(call->worker->adapters);
    const struct adapter_entry *chosen = directory_find(
        now, creation->members.request.adapter);
    if (chosen == NULL)
        return err_set(err, ERR_NOT_FOUND, "the policy chose %s, which is not loaded",
                       creation->members.request.adapter);
    return entry_fits(chosen, creation, err) || err_wrap(err, "%s", chosen->name);
}

static void proceed(struct call *call, struct creation *creation)
{
    struct err err = ERR_INIT;
    bool chosen = creation->members.request.adapter != NULL;
    bool fits = chosen && choice_stands(call, creation, &err);
    if (fits)
        store_order(call, creation);
    else if (was_accepted(call, creation)) {
        creation->accept.again = true;
        reply_accepted(call, creation);
    } else if (chosen)
        call_problem(call, PROBLEM_CAPABILITY, "%s", err.text);
    else
        say_no_adapter(call, creation);
}

static void on_routed(struct call *call, const struct policy_decision *decision)
{
    struct creation *creation = call->state;
    if (!call_keep_decision(call, "route", decision, &creation->decisions[1])) {
        call_problem(call, PROBLEM_TOO_LARGE, "the request needs too much memory");
        return;
    }
    if (decision->failed) {
        call_field(call, "Retry-After", "1");
        call_problem(call, PROBLEM_UNAVAILABLE, "the policy cannot route now");
        return;
    }
    if (decision->allow && decision->adapter != NULL) {
        creation->members.request.adapter = arena_text(call->arena, decision->adapter);
        creation->decisions[1].result = arena_format(
            call->arena, "{\"adapter\":\"%s\"}", decision->adapter);
    }
    creation->routed = true;
    if (creation->authorized)
        proceed(call, creation);
}

void order_create_early(struct call *call)
{
    struct creation *creation = arena_alloc(call->arena, sizeof *creation);
    call->state = creation;
    if (creation == NULL)
        return;
    order_members_read(call->body, call->worker->shared->parts.numbers,
                       &creation->members);
    creation->plan = plan_of(creation->members.request.type);
    creation->skipped = arena_alloc(call->arena, (creation->plan->step_count + 1) *
                                                     sizeof *creation->skipped);
    const struct adapter_snapshot *now = adapter_sight_now(call->worker->adapters);
    if (!digest_body(call, creation->digest))
        creation->skipped = NULL; /* OpenSSL fails for want of memory alone. */
    if (creation->skipped == NULL || now == NULL)
        return;
    json_t *args = json_array(), *adapters;
    adapters = adapter_sight_for_policy(call->worker->adapters);
    policy_keep(policy_seat_now(call->worker->policy), adapters);
    json_array_append_new(args, policy_order(call, creation));
    json_array_append(args, adapters);
    call_ask(call, "route", args, on_routed);
}

void order_create(struct call *call)
{
    struct creation *creation = call->state;
    if (creation == NULL || creation->skipped == NULL) {
        call_problem(call, PROBLEM_TOO_LARGE, "the request needs too much memory");
        return;
    }
    if (!order_members_check(call, &creation->members.request, creation->plan))
        return;
    creation->authorized = true;
    if (creation->routed)
        proceed(call, creation);
}
