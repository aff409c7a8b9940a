/* A claim is one UPDATE: it takes due rows that nobody holds, and rows whose holder let
 * the lease end. Of the latter, an action that may have left becomes a resend or a query
 * by its class, in the same statement: there is no moment at which a lost answer looks
 * like a fresh start. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "esim/flow.h"
#include "order/order_vars.h"
#include "order/outbox_message.h"
#include "order/outbox_seal.h"

#define TAKE                                                                \
    "UPDATE outbox SET claimed_by = $1, epoch = epoch + 1, lease_ms = $2, " \
    "attempts = attempts + 1, "                                             \
    "tries = tries + CASE WHEN event BETWEEN 3 AND 5 "                      \
    "AND (claimed_by IS NULL OR action_id IS NULL) THEN 0 ELSE 1 END, "     \
    "event = CASE WHEN claimed_by IS NULL OR action_id IS NULL THEN event " \
    "WHEN action_class = 3 THEN 6 ELSE 100 END "
#define GIVE                                                                          \
    " RETURNING tenant, operation_id, order_id, position, kind, lane, epoch, event, " \
    "attempts, action_sealed, wait_key, querying, tries, rounds"

static const char take_due[] = TAKE
    "WHERE (tenant, operation_id) IN ("
    "SELECT tenant, operation_id FROM outbox AS o WHERE adapter = $3 "
    "AND due_ms <= $4 AND (claimed_by IS NULL OR lease_ms < $4) "
    "AND NOT EXISTS (SELECT 1 FROM outbox AS p WHERE p.tenant = o.tenant "
    "AND p.lane = o.lane AND p.order_id < o.order_id) "
    "ORDER BY due_ms LIMIT $5)" GIVE;
static const char take_one[] = TAKE
    "WHERE tenant = $3 AND operation_id = $4 AND claimed_by IS NULL" GIVE;

struct taking {
    struct db *db;
    struct outbox_claim *claim;
    struct claim **last;
};

/* What is stored and cannot be read is this row's trouble; what the engine of the store
 * says is everybody's. */
static bool is_of_the_row(const struct err *err)
{
    return err->code != ERR_IO && err->code != ERR_UNAVAILABLE &&
           err->code != ERR_LIMIT && err->code != ERR_INTERNAL;
}

static bool read_action(const struct db_row *row, const struct sealer *sealer,
                        struct claim *claim, struct err *err)
{
    struct err why = ERR_INIT;
    if (outbox_open(sealer, claim, OUTBOX_ACTION, row_bytes(row, 9), &claim->action,
                    &claim->action_size, &why))
        return true;
    claim->unreadable = is_of_the_row(&why);
    *err = why;
    return claim->unreadable;
}

/* The sealed bytes are opened while the row is at hand. */
static bool read_claim(const struct db_row *row, void *arg, struct err *err)
{
    struct taking *taking = arg;
    struct claim *claim = calloc(1, sizeof *claim);
    if (claim == NULL)
        return err_set(err, ERR_UNAVAILABLE, "no memory for a claim");
    *taking->last = claim;
    taking->last = &claim->next;
    taking->claim->count++;
    claim->position = row_int(row, 3);
    claim->undo = strcmp(row_text(row, 4), "undo") == 0;
    claim->epoch = row_int(row, 6);
    claim->event = row_int(row, 7);
    claim->attempts = row_int(row, 8);
    claim->querying = row_int(row, 11) != 0;
    claim->tries = row_int(row, 12);
    claim->rounds = row_int(row, 13);
    bool fits = slice_copy(slice_of(taking->claim->owner), claim->owner,
                           sizeof claim->owner);
    return (fits || err_set(err, ERR_INVALID, "the owner's name is too long")) &&
           row_copy(row, 0, claim->order.tenant, sizeof claim->order.tenant, err) &&
           row_copy(row, 1, claim->operation_id, sizeof claim->operation_id, err) &&
           row_copy(row, 2, claim->order.id, sizeof claim->order.id, err) &&
           row_copy(row, 5, claim->lane, sizeof claim->lane, err) &&
           row_copy(row, 10, claim->wait_key, sizeof claim->wait_key, err) &&
           read_action(row, taking->claim->sealer, claim, err);
}

struct opening {
    const struct sealer *sealer;
    struct claim *claim;
};

static bool read_step(const struct db_row *row, void *arg, struct err *err)
{
    struct opening *opening = arg;
    struct claim *claim = opening->claim;
    claim->state_version = (uint32_t)row_int(row, 1);
    claim->deadline_ms = row_int(row, 3);
    claim->vars = order_vars_open(opening->sealer, claim->order.tenant, claim->order.id,
                                  row_bytes(row, 4), err);
    return claim->vars != NULL &&
           row_copy(row, 0, claim->capability, sizeof claim->capability, err) &&
           outbox_open(opening->sealer, claim, OUTBOX_STATE, row_bytes(row, 2),
                       &claim->state, &claim->state_size, err);
}

static bool take_message(struct db *db, struct opening *opening, struct err *err)
{
    return opening->claim->event != ESIM_MESSAGE ||
           outbox_read_message(db, opening->sealer, opening->claim, err);
}

/* What goes on after a wait that the adapter asked for is the same attempt. */
static bool goes_on(const struct claim *claim)
{
    return claim->event == ESIM_MESSAGE || claim->event == ESIM_TIMER ||
           claim->event == ESIM_SILENCE;
}

static bool begin_step(struct db *db, const struct outbox_claim *all,
                       const struct claim *claim, struct err *err)
{
    return db_run(db,
                  "UPDATE steps SET state = 'running', attempts = attempts + $9, "
                  "started_ms = COALESCE(started_ms, $5), "
                  "deadline_ms = COALESCE(deadline_ms, $6), adapter_version = $7, "
                  "manifest_digest = $8 WHERE tenant = $1 "
                  "AND order_id = $2 AND position = $3 AND kind = $4",
                  DB_ARGS(db_text(claim->order.tenant), db_text(claim->order.id),
                          db_int(claim->position), db_text(claim->undo ? "undo" : "do"),
                          db_int(all->now_ms),
                          db_int(all->now_ms + all->step_deadline_ms),
                          db_text(all->version), db_text(all->digest),
                          db_int(goes_on(claim) ? 0 : 1)),
                  NULL, err);
}

static bool open_claim(struct db *db, struct outbox_claim *all, struct claim *claim,
                       struct err *err)
{
    struct opening opening = { all->sealer, claim };
    struct order_news news = { .subject = "host", .reason = "a step was taken up" };
    return order_row_load(db, claim->order.tenant, claim->order.id, &claim->order,
                          err) &&
           begin_step(db, all, claim, err) &&
           db_one(db,
                  "SELECT s.capability, s.state_version, s.flow_state_sealed, "
                  "s.deadline_ms, o.vars_sealed FROM steps s JOIN orders o "
                  "ON o.tenant = s.tenant AND o.id = s.order_id WHERE s.tenant = $1 "
                  "AND s.order_id = $2 AND s.position = $3 AND s.kind = $4",
                  DB_ARGS(db_text(claim->order.tenant), db_text(claim->order.id),
                          db_int(claim->position),
                          db_text(claim->undo ? "undo" : "do")),
                  read_step, &opening, err) &&
           take_message(db, &opening, err) &&
           (claim->order.state == ORDER_IN_PROGRESS ||
            order_move(db, &claim->order, ORDER_EV_TAKEN, &news, err));
}

/* A row that cannot be opened (a lost key, a damaged value) must not be tried for ever
 * and must not stop the others. */
static bool hold_unreadable(struct db *db, struct claim *claim, const struct err *why,
                            struct err *err)
{
    log_line(LOG_ERROR, "outbox.unreadable", LOG_TEXT("order", claim->order.id),
             LOG_TEXT("reason", why->text));
    struct order_news news = { .subject = "host",
                               .reason = why->text,
                               .held_for = "the stored operation cannot be read" };
    return outbox_end(db, claim, "held", ESIM_UNKNOWN, NULL, err) &&
           order_move(db, &claim->order, ORDER_EV_HELD, &news, err);
}

static bool open_all(struct db *db, struct outbox_claim *all, struct err *err)
{
    struct claim **at = &all->claims;
    while (*at != NULL) {
        struct err why = ERR_INIT;
        bool opened = open_claim(db, all, *at, &why);
        if (opened && (*at)->unreadable)
            err_set(&why, ERR_CORRUPT, "the stored action cannot be opened");
        else if (opened) {
            at = &(*at)->next;
            continue;
        } else if (!is_of_the_row(&why)) {
            *err = why;
            return false;
        }
        struct claim *bad = *at;
        *at = bad->next;
        all->count--;
        bool held = hold_unreadable(db, bad, &why, err);
        claim_free(&bad);
        if (!held)
            return false;
    }
    return true;
}

bool outbox_claim(struct db *db, struct outbox_claim *all, struct err *err)
{
    struct taking taking = { db, all, &all->claims };
    int64_t until_ms = all->now_ms + all->lease_ms;
    bool taken = all->only != NULL
                     ? db_each(db, take_one,
                               DB_ARGS(db_text(all->owner), db_int(until_ms),
                                       db_text(all->only_tenant), db_text(all->only)),
                               read_claim, &taking, err)
                     : db_each(db, take_due,
                               DB_ARGS(db_text(all->owner), db_int(until_ms),
                                       db_text(all->adapter), db_int(all->now_ms),
                                       db_int(all->most)),
                               read_claim, &taking, err);
    return taken && open_all(db, all, err);
}
