#include "order/outbox.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "esim/flow.h"
#include "order/outbox_message.h"
#include "order/outbox_seal.h"

void claim_free(struct claim **claim)
{
    struct claim *gone = *claim;
    if (gone == NULL)
        return;
    if (gone->state != NULL)
        explicit_bzero(gone->state, gone->state_size);
    free(gone->state);
    if (gone->action != NULL)
        explicit_bzero(gone->action, gone->action_size);
    free(gone->action);
    free(gone->message);
    json_decref(gone->vars);
    free(gone);
    *claim = NULL;
}

/* Almost always the step is new. SQLite carries out DO UPDATE by way of two temporary
 * tables, so the rest is a statement of its own. */
static bool add_step(struct db *db, const struct outbox_new *fresh,
                     const char *operation_id, struct err *err)
{
    const struct order_row *order = fresh->order;
    const char *kind = fresh->undo ? "undo" : "do";
    int64_t added = 0;
    return db_run(db,
                  "INSERT INTO steps (tenant, order_id, position, capability, kind, "
                  "state, operation_id, attempts, state_version) "
                  "VALUES ($1, $2, $3, $4, $5, 'due', $6, 0, 0) "
                  "ON CONFLICT (tenant, order_id, position, kind) DO NOTHING",
                  DB_ARGS(db_text(order->tenant), db_text(order->id),
                          db_int(fresh->position), db_text(fresh->capability),
                          db_text(kind), db_text(operation_id)),
                  &added, err) &&
           (added == 1 ||
            db_run(db,
                   "UPDATE steps SET state = 'due', operation_id = $5, "
                   "flow_state_sealed = NULL, outcome = NULL, ended_ms = NULL "
                   "WHERE tenant = $1 AND order_id = $2 AND position = $3 "
                   "AND kind = $4",
                   DB_ARGS(db_text(order->tenant), db_text(order->id),
                           db_int(fresh->position), db_text(kind),
                           db_text(operation_id)),
                   NULL, err));
}

bool outbox_add(struct db *db, const struct outbox_new *fresh,
                char ret_operation_id[ID_SIZE], struct err *err)
{
    const struct order_row *order = fresh->order;
    id_new(ret_operation_id);
    return add_step(db, fresh, ret_operation_id, err) &&
           db_run(db,
                  "INSERT INTO outbox (tenant, operation_id, order_id, position, kind, "
                  "adapter, lane, due_ms, event, epoch, attempts) "
                  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0)",
                  DB_ARGS(db_text(order->tenant), db_text(ret_operation_id),
                          db_text(order->id), db_int(fresh->position),
                          db_text(fresh->undo ? "undo" : "do"), db_text(order->adapter),
                          db_text(fresh->lane), db_int(clock_wall_ms()),
                          db_int(ESIM_START)),
                  NULL, err);
}

/* Every write after the claim goes through here: one row or ERR_STALE. */
static bool one_row(int64_t changed, const struct claim *claim, struct err *err)
{
    return changed == 1 || err_set(err, ERR_STALE, "operation %s is no longer ours",
                                   claim->operation_id);
}

#define CLAIM_ARGS(claim)                                           \
    db_text((claim)->order.tenant), db_text((claim)->operation_id), \
        db_text((claim)->owner), db_int((claim)->epoch)
#define WHERE_CLAIM \
    "WHERE tenant = $1 AND operation_id = $2 AND claimed_by = $3 AND epoch = $4"

#define STEP_ARGS(claim)                                        \
    db_text((claim)->order.tenant), db_text((claim)->order.id), \
        db_int((claim)->position), db_text((claim)->undo ? "undo" : "do")
#define WHERE_STEP "WHERE tenant = $1 AND order_id = $2 AND position = $3 AND kind = $4"

bool outbox_release_all(struct db *db, struct err *err)
{
    return db_run(db, "UPDATE outbox SET lease_ms = 0 WHERE claimed_by IS NOT NULL",
                  DB_NO_ARGS, NULL, err);
}

bool outbox_hasten(struct db *db, const char *adapter, const char *tenant,
                   struct err *err)
{
    int64_t now_ms = clock_wall_ms();
    return db_run(db,
                  "UPDATE outbox SET due_ms = $3 WHERE adapter = $1 AND due_ms > $3 "
                  "AND ($2 IS NULL OR tenant = $2) AND event = $4 "
                  "AND claimed_by IS NULL",
                  DB_ARGS(db_text(adapter), db_text(tenant), db_int(now_ms),
                          db_int(OUTBOX_RESEND)),
                  NULL, err);
}

static bool read_due(const struct db_row *row, void *arg, struct err *err)
{
    (void)err;
    *(int64_t *)arg = row_is_null(row, 0) ? INT64_MAX : row_int(row, 0);
    return true;
}

bool outbox_next_due(struct db *db, const char *adapter, int64_t *ret_ms,
                     struct err *err)
{
    return db_one(db,
                  "SELECT min(due_ms) FROM outbox "
                  "WHERE adapter = $1 AND claimed_by IS NULL",
                  DB_ARGS(db_text(adapter)), read_due, ret_ms, err);
}

static bool store_state(struct db *db, struct claim *claim, const struct sealer *sealer,
                        struct slice state, uint32_t version, const char *exchange,
                        struct err *err)
{
    struct buf sealed;
    buf_init(&sealed, OUTBOX_SEALED_LIMIT_BYTES);
    bool ok = outbox_seal(sealer, claim, OUTBOX_STATE, state, &sealed, err) &&
              db_run(db,
                     "UPDATE steps SET flow_state_sealed = $5, state_version = $6, "
                     "exchange = COALESCE($7, exchange) " WHERE_STEP,
                     DB_ARGS(STEP_ARGS(claim), db_bytes(buf_slice(&sealed)),
                             db_int(version), db_text(exchange)),
                     NULL, err);
    buf_finish(&sealed);
    return ok;
}

bool outbox_store_action(struct db *db, struct claim *claim,
                         const struct outbox_action *action, struct err *err)
{
    int64_t changed = 0;
    struct buf sealed;
    buf_init(&sealed, OUTBOX_SEALED_LIMIT_BYTES);
    bool ok = outbox_seal(action->sealer, claim, OUTBOX_ACTION, action->action, &sealed,
                          err) &&
              db_run(db,
                     "UPDATE outbox SET action_id = $5, action_class = $6, "
                     "action_sealed = $7, lease_ms = $8, wait_key = NULL, "
                     "querying = $9 " WHERE_CLAIM,
                     DB_ARGS(CLAIM_ARGS(claim), db_text(action->action_id),
                             db_int(action->repeat), db_bytes(buf_slice(&sealed)),
                             db_int(action->lease_until_ms), db_int(action->querying)),
                     &changed, err) &&
              one_row(changed, claim, err) && outbox_forget_message(db, claim, err) &&
              outbox_forget_older(db, claim, action, err) &&
              store_state(db, claim, action->sealer, action->state,
                          action->state_version, action->exchange, err);
    buf_finish(&sealed);
    return ok;
}

bool outbox_renew(struct db *db, struct claim *claim, int64_t lease_until_ms,
                  struct err *err)
{
    int64_t changed = 0;
    return db_run(db, "UPDATE outbox SET lease_ms = $5 " WHERE_CLAIM,
                  DB_ARGS(CLAIM_ARGS(claim), db_int(lease_until_ms)), &changed, err) &&
           one_row(changed, claim, err);
}

static bool restart_step(struct db *db, const struct claim *claim, struct err *err)
{
    return db_run(db, "UPDATE steps SET flow_state_sealed = NULL " WHERE_STEP,
                  DB_ARGS(STEP_ARGS(claim)), NULL, err);
}

/* A flow that asked for this wait is as it should be: how long it may go on without
 * waiting counts from the wait's end. */
static bool renew_deadline(struct db *db, const struct claim *claim,
                           const struct outbox_wait *wait, struct err *err)
{
    bool asked = wait->event == ESIM_TIMER || wait->event == ESIM_SILENCE;
    if (!asked || wait->count != OUTBOX_FORWARD)
        return true;
    return db_run(db, "UPDATE steps SET deadline_ms = NULL " WHERE_STEP,
                  DB_ARGS(STEP_ARGS(claim)), NULL, err);
}

bool outbox_wait(struct db *db, struct claim *claim, const struct outbox_wait *wait,
                 struct err *err)
{
    int64_t changed = 0;
    if (!db_run(db,
                "UPDATE outbox SET claimed_by = NULL, lease_ms = NULL, due_ms = $5, "
                "event = $6, wait_key = $7, querying = $10, "
                "action_id = CASE WHEN $8 = 1 THEN action_id END, "
                "action_class = CASE WHEN $8 = 1 THEN action_class END, "
                "action_sealed = CASE WHEN $8 = 1 THEN action_sealed END, "
                "attempts = CASE $9 WHEN 1 THEN 0 WHEN 2 THEN attempts - 1 "
                "ELSE attempts END, rounds = rounds + CASE $9 WHEN 3 THEN 1 ELSE 0 "
                "END " WHERE_CLAIM,
                DB_ARGS(CLAIM_ARGS(claim), db_int(wait->due_ms), db_int(wait->event),
                        db_text(wait->wait_key), db_int(wait->keep_action),
                        db_int(wait->count), db_int(wait->querying)),
                &changed, err) ||
        !one_row(changed, claim, err))
        return false;
    if ((wait->event == ESIM_START && !restart_step(db, claim, err)) ||
        !renew_deadline(db, claim, wait, err))
        return false;
    bool again = wait->event == ESIM_MESSAGE;
    if (!again && !outbox_forget_message(db, claim, err))
        return false;
    if (wait->state != NULL && !store_state(db, claim, wait->sealer, *wait->state,
                                            wait->state_version, wait->exchange, err))
        return false;
    if (wait->problem != NULL &&
        !db_run(db, "UPDATE steps SET problem = $5 " WHERE_STEP,
                DB_ARGS(STEP_ARGS(claim), db_text(wait->problem)), NULL, err))
        return false;
    return again || wait->wait_key == NULL ||
           outbox_wake_if_delivered(db, claim, wait, err);
}

bool outbox_end(struct db *db, struct claim *claim, const char *state, int64_t outcome,
                const char *problem, struct err *err)
{
    int64_t changed = 0;
    return db_run(db, "DELETE FROM outbox " WHERE_CLAIM, DB_ARGS(CLAIM_ARGS(claim)),
                  &changed, err) &&
           one_row(changed, claim, err) && outbox_forget_message(db, claim, err) &&
           db_run(db,
                  "UPDATE steps SET state = $5, outcome = $6, problem = $7, "
                  "ended_ms = $8, flow_state_sealed = NULL " WHERE_STEP,
                  DB_ARGS(STEP_ARGS(claim), db_text(state), db_int(outcome),
                          db_text(problem), db_int(clock_wall_ms())),
                  NULL, err);
}
