/* outbox_message.h - what comes for operations that wait under a key: messages, and the
 * news that none will come.
 *
 * Messages that come before anybody waits are kept, as a queue for each key. One that was
 * told is kept until what came of it is stored, since the cell may die with it.
 *
 * Inside transactions only. */
#ifndef ORDER_OUTBOX_MESSAGE_H
#define ORDER_OUTBOX_MESSAGE_H

#include "order/outbox.h"

/* Where it came from, and so whose it may be: keys are unique on one line alone. */
struct outbox_origin {
    const char *adapter;
    int64_t most; /* How many messages of one key may wait (message.queue). */
    const char
        *tenant; /* The tenant's own line; NULL: the common one, or a callback. */
    const char *others; /* The common line: ",acme,bravo," have their own; "" nobody.
                           NULL: a callback, which may be for anybody. */
};

/* A message for whoever waits under `key`; kept until `until_ms` when nobody does. They
 * are told one after the other, in the order in which they were stored; past `most` the
 * newest is dropped, logged and counted. An action that was sent is over with its
 * answer. */
bool outbox_deliver(struct db *db, const struct sealer *sealer,
                    const struct outbox_origin *origin, const char *key,
                    struct slice payload, int64_t until_ms, struct err *err);

/* Whoever waits under `key` for the answer to a submitted action: its answer is lost
 * (now due by its class), or the carrier did not process it (submitted again at
 * `due_ms`, and the try does not count). Nobody waiting is no error. */
bool outbox_lost(struct db *db, const struct outbox_origin *origin, const char *key,
                 struct err *err);
bool outbox_back(struct db *db, const struct outbox_origin *origin, const char *key,
                 int64_t due_ms, struct err *err);

/* At start, when no kept session can be alive: the answers to all submitted actions are
 * lost. */
bool outbox_lose_all(struct db *db, struct err *err);

/* ---- for outbox.c and outbox_claim.c ---- */

/* What was delivered before it waited makes the row due at once. */
bool outbox_wake_if_delivered(struct db *db, const struct claim *claim,
                              const struct outbox_wait *wait, struct err *err);

/* Puts the message into the claim. ERR_NOT_FOUND: it is past its time. */
bool outbox_read_message(struct db *db, const struct sealer *sealer,
                         struct claim *claim, struct err *err);

/* What came of the claim's message, if any, is being stored. Others under its key stay. */
bool outbox_forget_message(struct db *db, struct claim *claim, struct err *err);

/* What is under the action's only_later_key, unless somebody else waits for it. */
bool outbox_forget_older(struct db *db, const struct claim *claim,
                         const struct outbox_action *action, struct err *err);

#endif
