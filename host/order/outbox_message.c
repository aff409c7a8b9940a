#include "order/outbox_message.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
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

static const char *tenant_of(const struct outbox_origin *origin)
{
    if (origin->tenant != NULL)
        return origin->tenant;
    return origin->others == NULL ? "" : COMMON;
}

bool outbox_deliver(struct db *db, const struct sealer *sealer,
                    const struct outbox_origin *origin, const char *key,
                    struct slice payload, int64_t until_ms, struct err *err)
{
    struct buf sealed;
    buf_init(&sealed, OUTBOX_SEALED_LIMIT_BYTES);
    /* The newest message under a key is the one that counts. */
    bool ok =
        outbox_seal_message(sealer, origin->adapter, key, payload, &sealed, err) &&
        db_run(db,
               "INSERT INTO messages (tenant, adapter, key, data, until_ms) "
               "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant, adapter, key) "
               "DO UPDATE SET data = excluded.data, until_ms = excluded.until_ms",
               DB_ARGS(db_text(tenant_of(origin)), db_text(origin->adapter),
                       db_text(key), db_bytes(buf_slice(&sealed)), db_int(until_ms)),
               NULL, err) &&
        db_run(db, "UPDATE outbox SET due_ms = $5, event = $6, " NO_ACTION WAITING,
               DB_ARGS(WAITING_ARGS(origin, key), db_int(clock_wall_ms()),
                       db_int(ESIM_MESSAGE)),
               NULL, err);
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
    struct slice sealed = row_bytes(row, 0);
    claim->message_sealed = malloc(sealed.size + 1);
    if (claim->message_sealed == NULL)
        return err_set(err, ERR_LIMIT, "no memory for a message");
    claim->message_sealed_size = sealed.size;
    if (sealed.size > 0)
        memcpy(claim->message_sealed, sealed.ptr, sealed.size);
    return outbox_open_message(opening->sealer, claim->order.adapter, claim->wait_key,
                               sealed, &claim->message, &claim->message_size, err);
}

/* The tenant's own comes first; the common line's only if there is no other, since it
 * may not be meant. */
bool outbox_read_message(struct db *db, const struct sealer *sealer,
                         struct claim *claim, struct err *err)
{
    struct opening opening = { sealer, claim };
    return db_one(db,
                  "SELECT data FROM messages WHERE adapter = $1 AND key = $2 "
                  "AND tenant IN ($3, '', '" COMMON "') ORDER BY CASE tenant "
                  "WHEN $3 THEN 0 WHEN '' THEN 1 ELSE 2 END LIMIT 1",
                  DB_ARGS(db_text(claim->order.adapter), db_text(claim->wait_key),
                          db_text(claim->order.tenant)),
                  read_message, &opening, err);
}

bool outbox_forget_message(struct db *db, struct claim *claim, struct err *err)
{
    struct slice sealed = slice_bytes(claim->message_sealed,
                                      claim->message_sealed_size);
    if (claim->message_sealed == NULL)
        return true;
    bool ok = db_run(db,
                     "DELETE FROM messages WHERE adapter = $1 AND key = $2 "
                     "AND tenant IN ($3, '', '" COMMON "') AND data = $4",
                     DB_ARGS(db_text(claim->order.adapter), db_text(claim->wait_key),
                             db_text(claim->order.tenant), db_bytes(sealed)),
                     NULL, err);
    free(claim->message_sealed);
    claim->message_sealed = NULL;
    return ok;
}
