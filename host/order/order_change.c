/* What people do to an order after it was placed: take it back, or say what became of a
 * step that nobody can tell about. */
#include <string.h>

#include "base/json.h"
#include "order/order.h"
#include "order/order_advance.h"
#include "order/order_move.h"
#include "order/order_vars.h"
#include "order/outbox.h"
#include "order/plan.h"

static bool version_fits(const struct order_row *order, int64_t expect, struct err *err)
{
    return expect < 0 || expect == order->version ||
           err_set(err, ERR_STALE, "the order is at version %lld, not %lld",
                   (long long)order->version, (long long)expect);
}

static bool read_count(const struct db_row *row, void *arg, struct err *err)
{
    (void)err;
    *(int64_t *)arg = row_int(row, 0);
    return true;
}

/* An operation that nobody carries out and that has not begun is dropped; *ret_running
 * when one has, and must end first. */
static bool drop_waiting(struct db *db, const struct order_row *order,
                         bool *ret_running, struct err *err)
{
    int64_t dropped = 0, left = 0;
    if (!db_run(db,
                "DELETE FROM outbox WHERE tenant = $1 AND operation_id IN ("
                "SELECT operation_id FROM steps WHERE tenant = $1 AND order_id = $2) "
                "AND claimed_by IS NULL AND action_id IS NULL AND wait_key IS NULL",
                DB_ARGS(db_text(order->tenant), db_text(order->id)), &dropped, err) ||
        !db_one(db,
                "SELECT count(*) FROM outbox WHERE tenant = $1 AND "
                "operation_id IN (SELECT operation_id FROM steps WHERE tenant = $1 "
                "AND order_id = $2)",
                DB_ARGS(db_text(order->tenant), db_text(order->id)), read_count, &left,
                err))
        return false;
    *ret_running = left > 0;
    return dropped == 0 ||
           db_run(db,
                  "UPDATE steps SET state = 'cancelled' WHERE tenant = $1 "
                  "AND order_id = $2 AND state IN ('due', 'running')",
                  DB_ARGS(db_text(order->tenant), db_text(order->id)), NULL, err);
}

bool order_cancel(struct db *db, const struct order_actor *actor, const char *id,
                  int64_t expect_version, struct err *err)
{
    struct order_row order;
    bool running = false;
    char operation_id[ID_SIZE];
    struct order_news news = { .subject = actor->subject,
                               .reason = "the client asked for cancellation",
                               .actor = actor };
    if (!order_row_load(db, actor->tenant, id, &order, err) ||
        !version_fits(&order, expect_version, err) ||
        !order_move(db, &order, ORDER_EV_CANCEL, &news, err) ||
        !drop_waiting(db, &order, &running, err))
        return false;
    if (order.state == ORDER_CANCELLED || running)
        return true; /* The running step's end goes on from here. */
    return order_point(db, &order, order.position, ORDER_UNDO_CANCEL, err) &&
           order_undo_next(db, &order, order.id, NULL, &news, operation_id, err);
}

/* ---- a person's word ---- */

struct held_step {
    char capability[ORDER_NAME_SIZE];
    int64_t position;
    bool undo;
};

static bool read_held(const struct db_row *row, void *arg, struct err *err)
{
    struct held_step *step = arg;
    step->position = row_int(row, 1);
    step->undo = strcmp(row_text(row, 2), "undo") == 0;
    return row_copy(row, 0, step->capability, sizeof step->capability, err);
}

struct vars_source {
    const struct sealer *sealer;
    const struct order_row *order;
    json_t *vars;
};

static bool read_vars(const struct db_row *row, void *arg, struct err *err)
{
    struct vars_source *source = arg;
    source->vars = order_vars_open(source->sealer, source->order->tenant,
                                   source->order->id, row_bytes(row, 0), err);
    return source->vars != NULL;
}

struct resolving {
    struct order_row *order;
    struct held_step step;
    json_t *vars;
    const json_t *result;
    const struct sealer *sealer;
    const struct order_news *news;
    char operation_id[ID_SIZE];
};

static bool mark_step(struct db *db, const struct resolving *it, const char *state,
                      struct err *err)
{
    return db_run(db,
                  "UPDATE steps SET state = $5 WHERE tenant = $1 AND order_id = $2 "
                  "AND position = $3 AND kind = $4",
                  DB_ARGS(db_text(it->order->tenant), db_text(it->order->id),
                          db_int(it->step.position),
                          db_text(it->step.undo ? "undo" : "do"), db_text(state)),
                  NULL, err);
}

/* Back to where the order was before it was held: forward, or on its way back. */
static bool leave_hold(struct db *db, struct resolving *it, struct err *err)
{
    bool cancel = it->order->compensating == ORDER_UNDO_CANCEL;
    return order_move(db, it->order, cancel ? ORDER_EV_UNDO : ORDER_EV_RESUMED,
                      it->news, err);
}

static bool step_was_done(struct db *db, struct resolving *it, struct err *err)
{
    if (!mark_step(db, it, "done", err) || !leave_hold(db, it, err))
        return false;
    if (it->step.undo)
        return order_undo_next(db, it->order, it->order->id, NULL, it->news,
                               it->operation_id, err);
    return order_go_on(db, it->order, it->vars, it->result, it->step.capability,
                       it->order->id, it->sealer, it->news, it->operation_id, err);
}

static bool step_was_not_done(struct db *db, struct resolving *it, struct err *err)
{
    struct outbox_new fresh = { .order = it->order,
                                .capability = it->step.capability,
                                .position = it->step.position,
                                .undo = it->step.undo,
                                .lane = it->order->id };
    return leave_hold(db, it, err) && outbox_add(db, &fresh, it->operation_id, err);
}

static bool give_up(struct db *db, struct resolving *it, struct err *err)
{
    bool cancel = it->order->compensating == ORDER_UNDO_CANCEL;
    /* An undoing step that is given up counts as refused: its effect stays. */
    return mark_step(db, it, "refused", err) && leave_hold(db, it, err) &&
           order_point(db, it->order, it->order->position,
                       cancel ? ORDER_UNDO_CANCEL : ORDER_UNDO_FAILED, err) &&
           order_undo_next(db, it->order, it->order->id, NULL, it->news,
                           it->operation_id, err);
}

static bool load_held(struct db *db, struct resolving *it, struct err *err)
{
    const struct order_row *order = it->order;
    struct vars_source source = { it->sealer, order, NULL };
    if (order->state != ORDER_HELD)
        return err_set(err, ERR_CONFLICT, "only a held order can be resolved; it is %s",
                       order_state_name(order->state));
    if (!db_one(db,
                "SELECT capability, position, kind FROM steps WHERE tenant = $1 "
                "AND order_id = $2 AND state IN ('unknown', 'held') LIMIT 1",
                DB_ARGS(db_text(order->tenant), db_text(order->id)), read_held,
                &it->step, err))
        return err_wrap(err, "the held step of order %s", order->id);
    bool ok = db_one(db, "SELECT vars_sealed FROM orders WHERE tenant = $1 AND id = $2",
                     DB_ARGS(db_text(order->tenant), db_text(order->id)), read_vars,
                     &source, err);
    it->vars = source.vars;
    return ok;
}

bool order_resolve(struct db *db, const struct order_actor *actor,
                   const struct sealer *sealer, const char *id, int64_t expect_version,
                   enum order_resolution resolution, const json_t *result,
                   struct err *err)
{
    static bool (*const ways[])(struct db *, struct resolving *, struct err *) = {
        [ORDER_STEP_DONE] = step_was_done,
        [ORDER_STEP_NOT_DONE] = step_was_not_done,
        [ORDER_GIVE_UP] = give_up,
    };
    struct order_row order;
    json_t *nothing = json_object();
    struct order_news news = { .subject = actor->subject,
                               .reason = "a person decided about a held step",
                               .actor = actor };
    struct resolving it = { .order = &order,
                            .result = result == NULL ? nothing : result,
                            .sealer = sealer,
                            .news = &news };
    bool ok = order_row_load(db, actor->tenant, id, &order, err) &&
              version_fits(&order, expect_version, err) && load_held(db, &it, err) &&
              ways[resolution](db, &it, err);
    json_decref(it.vars);
    json_decref(nothing);
    return ok;
}
