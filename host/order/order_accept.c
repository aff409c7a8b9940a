#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/json.h"
#include "esim/capability.h"
#include "order/order.h"
#include "order/order_known.h"
#include "order/order_vars.h"
#include "order/outbox.h"
#include "order/plan.h"
#include "store/event_log.h"

struct earlier {
    char digest[65];
    char order_id[ID_SIZE];
};

static bool read_earlier(const struct db_row *row, void *arg, struct err *err)
{
    struct earlier *earlier = arg;
    return row_copy(row, 0, earlier->digest, sizeof earlier->digest, err) &&
           row_copy(row, 1, earlier->order_id, sizeof earlier->order_id, err);
}

/* The key is taken by inserting it: of two requests at once one finds it there. */
static bool take_key(struct db *db, struct order_accept *accept, struct err *err)
{
    int64_t taken = 0;
    const char *tenant = accept->actor->tenant;
    if (!db_run(db,
                "INSERT INTO idempotency (tenant, key, route, digest, order_id, "
                "created_ms) VALUES ($1, $2, $3, $4, $5, $6) "
                "ON CONFLICT (tenant, key) DO NOTHING",
                DB_ARGS(db_text(tenant), db_text(accept->idempotency_key),
                        db_text(accept->route), db_text(accept->digest),
                        db_text(accept->id), db_int(clock_wall_ms())),
                &taken, err))
        return false;
    if (taken == 1)
        return true;
    struct earlier earlier;
    if (!db_one(db,
                "SELECT digest, order_id FROM idempotency WHERE tenant = $1 "
                "AND key = $2",
                DB_ARGS(db_text(tenant), db_text(accept->idempotency_key)),
                read_earlier, &earlier, err))
        return false;
    if (strcmp(earlier.digest, accept->digest) != 0) {
        accept->id[0] = '\0';
        err_field(err, "Idempotency-Key",
                  "this key was used before with another payload");
        err->code = ERR_CONFLICT;
        return false;
    }
    memcpy(accept->id, earlier.order_id, sizeof accept->id);
    accept->again = true;
    return true;
}

static bool add_decision(struct db *db, const char *tenant,
                         const struct order_decision *decision, struct err *err)
{
    return db_run(db,
                  "INSERT INTO decisions (tenant, id, at_ms, function, revision, "
                  "input_digest, input, allow, reason, result) "
                  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                  DB_ARGS(db_text(tenant), db_text(decision->id),
                          db_int(clock_wall_ms()), db_text(decision->function),
                          db_int(decision->revision), db_text(decision->input_digest),
                          db_slice(decision->input), db_int(decision->allow),
                          db_text(decision->reason), db_text(decision->result)),
                  NULL, err);
}

static bool add_decisions(struct db *db, const struct order_accept *accept,
                          struct err *err)
{
    for (unsigned i = 0; i < accept->decision_count; i++)
        if (!add_decision(db, accept->actor->tenant, &accept->decisions[i], err))
            return false;
    return true;
}

static bool is_skipped(const struct order_accept *accept, const char *capability)
{
    for (const char *const *name = accept->skipped; *name != NULL; name++)
        if (strcmp(*name, capability) == 0)
            return true;
    return false;
}

static json_t *vars_of(const struct order_accept *accept)
{
    json_t *vars = order_vars_new(accept->request, accept->id);
    /* Where nobody releases in a step of its own, the confirmation does. */
    json_object_set_new(vars, "release",
                        json_boolean(is_skipped(accept, ESIM_PROFILE_RELEASE)));
    return vars;
}

/* `db` only for what the store knows more about. */
static bool seal_vars(struct db *db, const struct order_accept *accept, struct buf *ret,
                      struct err *err)
{
    json_t *vars = vars_of(accept);
    bool ok = (!order_known_concerns(accept) ||
               order_known_add(db, accept, vars, err)) &&
              order_vars_seal(accept->sealer, accept->actor->tenant, accept->id, vars,
                              ret, err);
    json_decref(vars);
    return ok;
}

bool order_accept_seal(const struct order_accept *accept, struct buf *ret,
                       struct err *err)
{
    return order_known_concerns(accept) || seal_vars(NULL, accept, ret, err);
}

static bool insert_order(struct db *db, const struct order_accept *accept,
                         struct slice vars_sealed, struct err *err)
{
    const struct order_request *request = accept->request;
    const struct order_actor *actor = accept->actor;
    int64_t now_ms = clock_wall_ms();
    return db_run(
        db,
        "INSERT INTO orders (tenant, id, type, state, plan, carrier, adapter, "
        "external_id, subject, iccid, eid, msisdn, profile_type, position, "
        "compensating, vars_sealed, decision_id, policy_revision, request_id, "
        "trace, version, created_ms, updated_ms) VALUES ($1, $2, $3, "
        "'acknowledged', $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0, $13, $14, "
        "$15, $16, $17, 1, $18, $18)",
        DB_ARGS(db_text(actor->tenant), db_text(accept->id), db_text(request->type),
                db_text(request->plan == NULL ? "" : request->plan),
                db_text(request->adapter), db_text(request->adapter),
                db_text(request->external_id), db_text(actor->subject),
                db_text(request->iccid), db_text(request->eid),
                db_text(request->msisdn), db_text(request->profile_type),
                db_bytes(vars_sealed), db_text(actor->decision_id),
                db_int(actor->policy_revision), db_text(actor->request_id),
                db_text(actor->trace), db_int(now_ms)),
        NULL, err);
}

static bool add_order(struct db *db, const struct order_accept *accept, struct err *err)
{
    if (accept->vars_sealed.size > 0)
        return insert_order(db, accept, accept->vars_sealed, err);
    struct buf sealed;
    buf_init(&sealed, ORDER_VARS_SEALED_LIMIT_BYTES);
    bool ok = seal_vars(db, accept, &sealed, err) &&
              insert_order(db, accept, buf_slice(&sealed), err);
    buf_finish(&sealed);
    return ok;
}

static bool add_skipped(struct db *db, const struct order_accept *accept,
                        const struct plan *plan, struct err *err)
{
    for (size_t at = 0; at < plan->step_count; at++) {
        const char *capability = plan->steps[at].capability;
        if (is_skipped(accept, capability) &&
            !db_run(db,
                    "INSERT INTO steps (tenant, order_id, position, capability, kind, "
                    "state, operation_id, attempts, state_version) "
                    "VALUES ($1, $2, $3, $4, 'do', 'skipped', '', 0, 0)",
                    DB_ARGS(db_text(accept->actor->tenant), db_text(accept->id),
                            db_int((int64_t)at), db_text(capability)),
                    NULL, err))
            return false;
    }
    return true;
}

/* A number's or a profile's operations keep their order; others run side by side. */
static const char *lane_of(const struct order_accept *accept)
{
    const struct order_request *request = accept->request;
    if (request->msisdn != NULL)
        return request->msisdn;
    return request->iccid != NULL ? request->iccid : accept->id;
}

static bool add_first_step(struct db *db, const struct order_accept *accept,
                           const struct plan *plan, struct err *err)
{
    struct order_row order = { .state = ORDER_ACKNOWLEDGED };
    char operation_id[ID_SIZE];
    if (!slice_copy(slice_of(accept->actor->tenant), order.tenant,
                    sizeof order.tenant) ||
        !slice_copy(slice_of(accept->id), order.id, sizeof order.id) ||
        !slice_copy(slice_of(accept->request->adapter), order.adapter,
                    sizeof order.adapter))
        return err_set(err, ERR_INVALID,
                       "the tenant's or the adapter's name is too long");
    struct outbox_new fresh = { .order = &order,
                                .capability = plan->steps[0].capability,
                                .lane = lane_of(accept) };
    return outbox_add(db, &fresh, operation_id, err);
}

static bool tell(struct db *db, const struct order_accept *accept, struct err *err)
{
    const struct order_actor *actor = accept->actor;
    char resource[64], data[256];
    int a = snprintf(resource, sizeof resource, "order/%s", accept->id);
    int b = snprintf(
        data, sizeof data,
        "{\"type\":\"%.63s\",\"state\":\"acknowledged\",\"carrier\":\"%.63s\"}",
        accept->request->type, accept->request->adapter);
    assert(a > 0 && b > 0 && b < (int)sizeof data);
    struct audit_record record = {
        .tenant = actor->tenant,
        .subject = actor->subject,
        .action = "order.create",
        .resource = resource,
        .outcome = "allowed",
        .reason = actor->reason,
        .decision_id = actor->decision_id,
        .policy_revision = actor->policy_revision,
        .request_id = actor->request_id,
        .trace = actor->trace,
        .diff = "{\"state\":[null,\"acknowledged\"]}",
    };
    return audit_write(db, &record, err) &&
           event_append(db, actor->tenant, "order.state", resource, data, actor->trace,
                        err);
}

bool order_accept(struct db *db, struct order_accept *accept, struct err *err)
{
    const struct plan *plan = plan_of(accept->request->type);
    assert(plan != NULL && accept->request->adapter != NULL);
    accept->again = false;
    if (!take_key(db, accept, err))
        return false;
    return accept->again ||
           (add_order(db, accept, err) && add_decisions(db, accept, err) &&
            add_skipped(db, accept, plan, err) &&
            add_first_step(db, accept, plan, err) && tell(db, accept, err));
}
