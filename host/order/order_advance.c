#include "order/order_advance.h"

#include <assert.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "esim/flow.h"
#include "order/order_learn.h"
#include "order/order_vars.h"
#include "order/plan.h"

static bool set_bit(const struct db_row *row, void *arg, struct err *err)
{
    (void)err;
    int64_t position = row_int(row, 0);
    if (position >= 0 && position < 64)
        *(uint64_t *)arg |= (uint64_t)1 << position;
    return true;
}

/* Positions of the order's steps of one kind and state, as bits. */
static bool positions(struct db *db, const struct order_row *order, const char *kind,
                      const char *state, uint64_t *ret, struct err *err)
{
    *ret = 0;
    return db_each(db,
                   "SELECT position FROM steps WHERE tenant = $1 AND order_id = $2 "
                   "AND kind = $3 AND state = $4",
                   DB_ARGS(db_text(order->tenant), db_text(order->id), db_text(kind),
                           db_text(state)),
                   set_bit, ret, err);
}

static const struct plan *plan_or_fail(const struct order_row *order, struct err *err)
{
    const struct plan *plan = plan_of(order->type);
    if (plan == NULL)
        err_set(err, ERR_CORRUPT, "order %s has the unknown type \"%s\"", order->id,
                order->type);
    return plan;
}

/* ---- the way back ---- */

/* What the ledger of an order says about taking back. */
struct undoing {
    uint64_t done;    /* Steps that were done. */
    uint64_t undone;  /* Undoing steps that were done. */
    uint64_t refused; /* Undoing steps the carrier refused. */
};

static bool load_undoing(struct db *db, const struct order_row *order,
                         struct undoing *ret, struct err *err)
{
    return positions(db, order, "do", "done", &ret->done, err) &&
           positions(db, order, "undo", "done", &ret->undone, err) &&
           positions(db, order, "undo", "refused", &ret->refused, err);
}

static bool has_bit(uint64_t bits, size_t position)
{
    return (bits >> position & 1) != 0;
}

/* The newest step still to be taken back, or -1. `*ret_left` is set when a step with an
 * effect stays, because the carrier refused or the adapter cannot. */
static int next_to_undo(const struct plan *plan, const struct undoing *undoing,
                        const struct manifest *manifest, bool *ret_left)
{
    for (int at = (int)plan->step_count - 1; at >= 0; at--) {
        const struct plan_step *step = &plan->steps[at];
        if (step->undo == NULL || !has_bit(undoing->done, (size_t)at) ||
            has_bit(undoing->undone, (size_t)at))
            continue;
        bool can = manifest == NULL || manifest_has_capability(manifest, step->undo);
        if (can && !has_bit(undoing->refused, (size_t)at))
            return at;
        *ret_left = true;
    }
    return -1;
}

/* All steps had been done before the client asked: then the order stays what it was. */
static bool was_complete(const struct plan *plan, const struct undoing *undoing)
{
    for (size_t at = 0; at < plan->step_count; at++)
        if (!has_bit(undoing->done, at) && !plan->steps[at].optional)
            return false;
    return true;
}

static enum order_event end_of_undoing(const struct order_row *order,
                                       const struct plan *plan,
                                       const struct undoing *undoing, bool left)
{
    bool cancel = order->compensating == ORDER_UNDO_CANCEL;
    if (!left)
        return cancel ? ORDER_EV_UNDONE : ORDER_EV_FAILED;
    return cancel && was_complete(plan, undoing) ? ORDER_EV_KEPT : ORDER_EV_LEFTOVER;
}

bool order_undo_next(struct db *db, struct order_row *order, const char *lane,
                     const struct manifest *manifest, const struct order_news *news,
                     char ret_operation_id[ID_SIZE], struct err *err)
{
    struct undoing undoing;
    bool left = false;
    const struct plan *plan = plan_or_fail(order, err);
    if (plan == NULL || !load_undoing(db, order, &undoing, err))
        return false;
    int at = next_to_undo(plan, &undoing, manifest, &left);
    bool cancel = order->compensating == ORDER_UNDO_CANCEL;
    if (cancel && order->state != ORDER_PENDING_CANCELLATION && (at >= 0 || left) &&
        !order_move(db, order, ORDER_EV_UNDO, news, err))
        return false;
    if (at < 0)
        return order_move(db, order, end_of_undoing(order, plan, &undoing, left), news,
                          err);
    struct outbox_new fresh = { .order = order,
                                .capability = plan->steps[at].undo,
                                .position = at,
                                .undo = true,
                                .lane = lane };
    return outbox_add(db, &fresh, ret_operation_id, err);
}

static bool begin_undo(struct db *db, struct step_end *end,
                       enum order_direction direction, const struct order_news *news,
                       struct err *err)
{
    struct order_row *order = &end->claim->order;
    return order_point(db, order, order->position, direction, err) &&
           order_undo_next(db, order, end->claim->lane, end->manifest, news,
                           end->next_operation_id, err);
}

/* ---- the way forward ---- */

static bool finish(struct db *db, struct order_row *order, const struct plan *plan,
                   const json_t *vars, const struct order_news *news, struct err *err)
{
    if (plan->yields == NULL || json_object_get(vars, plan->yields) != NULL)
        return order_move(db, order, ORDER_EV_FINISHED, news, err);
    char held_for[160];
    int length = snprintf(held_for, sizeof held_for,
                          "every step is done, and the carrier gave no %s",
                          plan->yields);
    assert(length > 0);
    struct order_news held = *news;
    held.held_for = held_for;
    return db_run(db,
                  "UPDATE steps SET state = 'held' WHERE tenant = $1 AND order_id = $2 "
                  "AND position = $3 AND kind = 'do'",
                  DB_ARGS(db_text(order->tenant), db_text(order->id),
                          db_int(order->position)),
                  NULL, err) &&
           order_move(db, order, ORDER_EV_HELD, &held, err);
}

static bool go_forward(struct db *db, struct order_row *order, const json_t *vars,
                       const char *lane, const struct order_news *news,
                       char ret_operation_id[ID_SIZE], struct err *err)
{
    uint64_t skipped = 0;
    const struct plan *plan = plan_or_fail(order, err);
    if (plan == NULL || !positions(db, order, "do", "skipped", &skipped, err))
        return false;
    size_t at = (size_t)order->position + 1;
    while (at < plan->step_count && has_bit(skipped, at))
        at++;
    if (at >= plan->step_count)
        return finish(db, order, plan, vars, news, err);
    struct outbox_new fresh = { .order = order,
                                .capability = plan->steps[at].capability,
                                .position = (int64_t)at,
                                .lane = lane };
    return order_point(db, order, (int64_t)at, ORDER_FORWARD, err) &&
           outbox_add(db, &fresh, ret_operation_id, err);
}

bool order_go_on(struct db *db, struct order_row *order, json_t *vars,
                 const json_t *result, const char *capability, const char *lane,
                 const struct sealer *sealer, const struct order_news *news,
                 char ret_operation_id[ID_SIZE], struct err *err)
{
    return order_learn(db, order, vars, result, capability, sealer, err) &&
           go_forward(db, order, vars, lane, news, ret_operation_id, err);
}

static bool after_done(struct db *db, struct step_end *end, struct err *err)
{
    struct claim *claim = end->claim;
    struct order_row *order = &claim->order;
    struct order_news news = { .subject = "host", .reason = "a step was done" };
    if (!order_learn(db, order, claim->vars, end->result, claim->capability,
                     end->sealer, err))
        return false;
    if (claim->undo)
        return order_undo_next(db, order, claim->lane, end->manifest, &news,
                               end->next_operation_id, err);
    if (order->state == ORDER_ASSESSING_CANCELLATION)
        return begin_undo(db, end, ORDER_UNDO_CANCEL, &news, err);
    return go_forward(db, order, claim->vars, claim->lane, &news,
                      end->next_operation_id, err);
}

/* The carrier would refuse to take anything back too, as long as it does not let us in. A
 * person who puts that right says how the order goes on. */
static bool waits_for_credentials(struct db *db, const struct step_end *end, bool *ret,
                                  struct err *err)
{
    uint64_t done = 0;
    json_t *problem = end->problem == NULL ? NULL
                                           : json_read(slice_of(end->problem), NULL);
    const char *code = json_text(problem, "code");
    bool refused = code != NULL && strcmp(code, "unauthorised") == 0;
    json_decref(problem);
    if (!positions(db, &end->claim->order, "do", "done", &done, err))
        return false;
    *ret = refused && (end->claim->undo || done != 0);
    return true;
}

static bool after_refused(struct db *db, struct step_end *end, struct err *err)
{
    struct order_row *order = &end->claim->order;
    struct order_news news = { .subject = "host",
                               .reason = end->reason,
                               .problem = end->problem };
    if (end->claim->undo)
        return order_undo_next(db, order, end->claim->lane, end->manifest, &news,
                               end->next_operation_id, err);
    bool cancel = order->state == ORDER_ASSESSING_CANCELLATION;
    return begin_undo(db, end, cancel ? ORDER_UNDO_CANCEL : ORDER_UNDO_FAILED, &news,
                      err);
}

static bool hold(struct db *db, struct claim *claim, const char *state, int64_t outcome,
                 const char *problem, const char *reason, struct err *err)
{
    struct order_news news = {
        .subject = "host", .reason = reason, .problem = problem, .held_for = reason
    };
    return outbox_end(db, claim, state, outcome, problem, err) &&
           order_move(db, &claim->order, ORDER_EV_HELD, &news, err);
}

bool order_hold(struct db *db, struct claim *claim, const char *problem,
                const char *reason, struct err *err)
{
    return order_row_load(db, claim->order.tenant, claim->order.id, &claim->order,
                          err) &&
           hold(db, claim, "held", ESIM_NOT_YET, problem, reason, err);
}

/* A result nobody can use is not "not done": the carrier did something. */
static bool result_is_sound(const struct step_end *end, struct err *why)
{
    json_t *trial = json_deep_copy(end->claim->vars);
    bool sound = order_vars_merge(trial, end->result, why);
    json_decref(trial);
    return sound;
}

bool order_advance(struct db *db, struct step_end *end, struct err *err)
{
    struct claim *claim = end->claim;
    struct err why = ERR_INIT;
    bool waits = false;
    end->next_operation_id[0] = '\0';
    /* A cancellation may have come since the claim. */
    if (!order_row_load(db, claim->order.tenant, claim->order.id, &claim->order, err))
        return false;
    switch (end->outcome) {
    case ESIM_DONE:
        if (!result_is_sound(end, &why))
            return hold(db, claim, "unknown", ESIM_UNKNOWN, NULL, why.text, err);
        return outbox_end(db, claim, "done", ESIM_DONE, NULL, err) &&
               after_done(db, end, err);
    case ESIM_REFUSED:
        if (!waits_for_credentials(db, end, &waits, err))
            return false;
        if (waits)
            return hold(db, claim, "held", ESIM_REFUSED, end->problem, end->reason,
                        err);
        return outbox_end(db, claim, "refused", ESIM_REFUSED, end->problem, err) &&
               after_refused(db, end, err);
    default:
        return hold(db, claim, "unknown", ESIM_UNKNOWN, end->problem, end->reason, err);
    }
}
