#include "order/outbox_message.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "esim/flow.h"
#include "order/outbox_seal.h"

/* Messages belong to a tenant, to "" (a callback: whoever waits), or to those who share
 * the common line. */
#define COMMON "*"

/* An answered action is over: whoever takes the row over must not send it again. */
#define NO_ACTION "action_id = NULL, action_class = NULL, action_sealed = NULL "

/* Numbers are of esim_event and esim_repeat. */
#define BY_CLASS  "event = CASE WHEN action_class = 3 THEN 6 ELSE 100 END "
#define SUBMITTED "AND action_id IS NOT NULL AND event = 5"

/* $1 adapter, $2 key, $3 tenant or NULL, $4 those with lines of their own. */
#define WAITING                                                    \
    "WHERE adapter = $1 AND wait_key = $2 AND claimed_by IS NULL " \
    "AND ($3 IS NULL OR tenant = $3) "                             \
    "AND length(replace($4, ',' || tenant || ',', '')) = length($4) "
#define WAITING_ARGS(origin, key)                                        \
    db_text((origin)->adapter), db_text(key), db_text((origin)->tenant), \
        db_text((origin)->others == NULL ? "" : (origin)->others)

/* A number is not given twice: another operation under this key may still forget the
 * message that had it. So they go on from the time, not from what is there. */
#define NEXT_SEQ "CASE WHEN MAX(seq) >= $7 THEN MAX(seq) + 1 ELSE $7 END"

static struct metric dropped_total = { .kind = METRIC_COUNTER,
                                       .name = "esimd_messages_dropped_total",
                                       .help = "Messages of carriers for which there "
                                               "was no room (message.queue).",
                                       .label = "adapter" };

static const char *tenant_of(const struct outbox_origin *origin)
{
    if (origin->tenant != NULL)
        return origin->tenant;
    return origin->others == NULL ? "" : COMMON;
}

/* The key may be somebody's number: it is not told. */
static void note_dropped(const char *adapter)
{
    metric_count(&dropped_total, adapter, NULL);
    log_line(LOG_ERROR, "message.dropped", LOG_TEXT("adapter", adapter),
             LOG_TEXT("reason", "too many wait under its key (message.queue)"));
}

bool outbox_deliver(struct db *db, const struct sealer *sealer,
                    const struct outbox_origin *origin, const char *key,
                    struct slice payload, int64_t until_ms, struct err *err)
{
    struct buf sealed;
    int64_t kept = 0;
    buf_init(&sealed, OUTBOX_SEALED_LIMIT_BYTES);
    bool ok =
        outbox_seal_message(sealer, origin->adapter, key, payload, &sealed, err) &&
        db_run(db,
               "INSERT INTO messages (tenant, adapter, key, seq, data, until_ms) "
               "SELECT $1, $2, $3, " NEXT_SEQ ", $4, $5 FROM messages "
               "WHERE tenant = $1 AND adapter = $2 AND key = $3 "
               "HAVING COUNT(*) < $6",
               DB_ARGS(db_text(tenant_of(origin)), db_text(origin->adapter),
                       db_text(key), db_bytes(buf_slice(&sealed)), db_int(until_ms),
                       db_int(origin->most), db_int(clock_wall_ms())),
               &kept, err) &&
        db_run(db, "UPDATE outbox SET due_ms = $5, event = $6, " NO_ACTION WAITING,
               DB_ARGS(WAITING_ARGS(origin, key), db_int(clock_wall_ms()),
                       db_int(ESIM_MESSAGE)),
               NULL, err);
    if (ok && kept == 0)
        note_dropped(origin->adapter);
    buf_finish(&sealed);
    return ok;
}

bool outbox_lost(struct db *db, const struct outbox_origin *origin, const char *key,
                 struct err *err)
{
    return db_run(db, "UPDATE outbox SET due_ms = $5, " BY_CLASS WAITING SUBMITTED,
                  DB_ARGS(WAITING_ARGS(origin, key), db_int(clock_wall_ms())), NULL,
                  err);
}

bool outbox_back(struct db *db, const struct outbox_origin *origin, const char *key,
                 int64_t due_ms, struct err *err)
{
    return db_run(
        db,
        "UPDATE outbox SET due_ms = $5, event = $6, "
        "attempts = attempts - 1 " WAITING SUBMITTED,
        DB_ARGS(WAITING_ARGS(origin, key), db_int(due_ms), db_int(OUTBOX_RESEND)), NULL,
        err);
}

bool outbox_lose_all(struct db *db, struct err *err)
{
    return db_run(db,
                  "UPDATE outbox SET due_ms = $1, " BY_CLASS
                  "WHERE claimed_by IS NULL AND wait_key IS NOT NULL " SUBMITTED,
                  DB_ARGS(db_int(clock_wall_ms())), NULL, err);
}

/* ---- what claims do with messages ---- */

bool outbox_wake_if_delivered(struct db *db, const struct claim *claim,
                              const struct outbox_wait *wait, struct err *err)
{
    return db_run(
        db,
        "UPDATE outbox SET due_ms = $3, event = $4, " NO_ACTION
        "WHERE tenant = $1 AND operation_id = $2 AND EXISTS (SELECT 1 FROM "
        "messages WHERE adapter = $5 AND key = $6 AND tenant IN ($1, '', $7))",
        DB_ARGS(db_text(claim->order.tenant), db_text(claim->operation_id),
                db_int(clock_wall_ms()), db_int(ESIM_MESSAGE),
                db_text(claim->order.adapter), db_text(wait->wait_key),
                db_text(wait->own_lines ? "" : COMMON)),
        NULL, err);
}

struct opening {
    const struct sealer *sealer;
    struct claim *claim;
};

static bool read_message(const struct db_row *row, void *arg, struct err *err)
{
    struct opening *opening = arg;
    struct claim *claim = opening->claim;
    claim->message_seq = row_int(row, 2);
    return row_copy(row, 1, claim->message_tenant, sizeof claim->message_tenant, err) &&
           outbox_open_message(opening->sealer, claim->order.adapter, claim->wait_key,
                               row_bytes(row, 0), &claim->message, &claim->message_size,
                               err);
}

/* The first that came. The tenant's own go before; the common line's are taken only if
 * there is no other, since they may not be meant. */
bool outbox_read_message(struct db *db, const struct sealer *sealer,
                         struct claim *claim, struct err *err)
{
    struct opening opening = { sealer, claim };
    return db_one(db,
                  "SELECT data, tenant, seq FROM messages WHERE adapter = $1 "
                  "AND key = $2 AND tenant IN ($3, '', '" COMMON "') "
                  "ORDER BY CASE tenant WHEN $3 THEN 0 WHEN '' THEN 1 ELSE 2 END, seq "
                  "LIMIT 1",
                  DB_ARGS(db_text(claim->order.adapter), db_text(claim->wait_key),
                          db_text(claim->order.tenant)),
                  read_message, &opening, err);
}

bool outbox_forget_message(struct db *db, struct claim *claim, struct err *err)
{
    int64_t seq = claim->message_seq;
    claim->message_seq = 0;
    return seq == 0 ||
           db_run(db,
                  "DELETE FROM messages WHERE tenant = $1 AND adapter = $2 "
                  "AND key = $3 AND seq = $4",
                  DB_ARGS(db_text(claim->message_tenant), db_text(claim->order.adapter),
                          db_text(claim->wait_key), db_int(seq)),
                  NULL, err);
}

bool outbox_forget_older(struct db *db, const struct claim *claim,
                         const struct outbox_action *action, struct err *err)
{
    return action->only_later_key == NULL ||
           db_run(db,
                  "DELETE FROM messages WHERE adapter = $1 AND key = $2 "
                  "AND tenant IN ($3, '', $4) AND NOT EXISTS (SELECT 1 FROM outbox "
                  "WHERE adapter = $1 AND wait_key = $2)",
                  DB_ARGS(db_text(claim->order.adapter),
                          db_text(action->only_later_key), db_text(claim->order.tenant),
                          db_text(action->own_lines ? "" : COMMON)),
                  NULL, err);
}
