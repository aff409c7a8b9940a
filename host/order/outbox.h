/* outbox.h - what is due: one row an operation, claimed, kept while it waits, deleted at
 * its end. Every change after the claim checks the claim in the same UPDATE: ERR_STALE
 * means somebody else owns the operation now, and the caller drops what it knows.
 *
 * Inside transactions only. */
#ifndef ORDER_OUTBOX_H
#define ORDER_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "crypto/seal.h"
#include "order/order.h"
#include "order/order_move.h"
#include "store/db.h"

/* What a claimed operation is to be told: esim_event, and one of our own. */
enum { OUTBOX_RESEND = 100 }; /* Send the stored action again. */

enum { OUTBOX_OWNER_SIZE = 64, OUTBOX_KEY_SIZE = 128 };

/* A claimed operation with all that a step needs. Given to the engine; freed with
 * claim_free. */
struct claim {
    struct claim *next;
    char owner[OUTBOX_OWNER_SIZE];
    char operation_id[ID_SIZE];
    char capability[ORDER_NAME_SIZE];
    struct order_row order;
    char lane[64];
    bool unreadable; /* Its stored action cannot be opened. */
    bool undo;
    int64_t position;
    int64_t epoch;
    int64_t event;
    int64_t attempts; /* Since it went forward last. */
    int64_t tries;    /* Since the beginning; what goes on after a wait is one try. */
    int64_t rounds;   /* How often it has begun anew: the carrier said "not yet". */
    int64_t deadline_ms;
    bool
        querying; /* It finds out about a lost exchange: only SAFE ones from here on. */
    uint32_t state_version;
    char *state; /* The flow's, in the clear; state_size bytes. */
    size_t state_size;
    char *action; /* OUTBOX_RESEND: the encoded answer (step_codec.h). */
    size_t action_size;
    char *message; /* ESIM_MESSAGE: its payload. */
    size_t message_size;
    char message_tenant[ORDER_TENANT_SIZE]; /* With `message_seq`: which one it is. */
    int64_t message_seq;                    /* 0: none, or what came of it is stored. */
    char wait_key[OUTBOX_KEY_SIZE];
    json_t *vars;
};
void claim_free(struct claim **claim);

/* A new operation of an order's step, due now. Writes the step's row too. Operations of
 * one lane (a number, a profile) are carried out in the order of their orders. */
struct outbox_new {
    const struct order_row *order;
    const char *capability;
    int64_t position;
    bool undo;
    const char *lane;
};
bool outbox_add(struct db *db, const struct outbox_new *fresh,
                char ret_operation_id[ID_SIZE], struct err *err);

/* Claims up to `most` due operations of one adapter, oldest first, one a lane, and opens
 * them. A row whose lease has ended is taken over: an action that may have left is turned
 * into OUTBOX_RESEND or ESIM_QUERY by its class. A row that cannot be opened is held and
 * left out. */
struct outbox_claim {
    const char *owner;
    const char *adapter;
    const char *version, *digest; /* Of the adapter: written to the step. */
    const char *only_tenant;      /* With `only`: that operation alone; or NULL. */
    const char *only;
    int64_t now_ms, lease_ms; /* The lease's length. */
    int64_t step_deadline_ms; /* From a step's first claim. */
    int64_t most;
    const struct sealer *sealer;
    struct claim *claims; /* Out: a list. */
    unsigned count;
};
bool outbox_claim(struct db *db, struct outbox_claim *claim, struct err *err);

/* At start, when nobody else can be alive: all leases end now. */
bool outbox_release_all(struct db *db, struct err *err);

/* What waits to be sent again by this adapter (of one tenant; NULL: of all) is due now. */
bool outbox_hasten(struct db *db, const char *adapter, const char *tenant,
                   struct err *err);

/* When the next row of this adapter is due; INT64_MAX when none. */
bool outbox_next_due(struct db *db, const char *adapter, int64_t *ret_ms,
                     struct err *err);

/* The action is about to leave: stores it sealed with its id and class, and the flow's
 * state. What waits under `only_later_key` is older, and so no answer to it: it goes. */
struct outbox_action {
    const char *action_id;
    const char *exchange;
    int64_t repeat; /* esim_repeat */
    struct slice action;
    struct slice state;
    uint32_t state_version;
    bool querying;
    const char *only_later_key; /* NULL: older messages count too. */
    bool own_lines;             /* As in struct outbox_wait. */
    int64_t lease_until_ms;
    const struct sealer *sealer;
};
bool outbox_store_action(struct db *db, struct claim *claim,
                         const struct outbox_action *action, struct err *err);

/* What becomes of the count of tries. */
enum outbox_count {
    OUTBOX_COUNTED, /* The try counts. */
    OUTBOX_FORWARD, /* It went forward: count from 0 again, but for the rounds. */
    OUTBOX_REFUND,  /* Nothing was tried after all. */
    OUTBOX_ANEW     /* The try counts, and one more round begins. */
};

/* Gives the operation back until `due_ms`, to be told `event`. `keep_action` for
 * OUTBOX_RESEND, and for ESIM_SILENCE when the action is with a kept session: then
 * outbox_lost and outbox_back know its class. `wait_key` NULL or what it awaits. With
 * ESIM_START the flow's state is dropped. A message that is already there makes it due
 * at once; what came of a message that was told is stored here, and the message goes,
 * unless it is to be told again (ESIM_MESSAGE, with its key). */
struct outbox_wait {
    int64_t due_ms;
    int64_t event;
    bool keep_action;
    enum outbox_count count;
    const char *wait_key;
    bool own_lines; /* Its tenant's kept sessions are its own. */
    bool querying;
    const char *exchange;      /* NULL: as it is. */
    const struct slice *state; /* NULL: as it is. */
    uint32_t state_version;
    const char *problem; /* JSON for the step; NULL: none. */
    const struct sealer *sealer;
};
bool outbox_wait(struct db *db, struct claim *claim, const struct outbox_wait *wait,
                 struct err *err);

/* The operation is over: deletes the row (checking the claim) and writes how into the
 * step. `state` is a step state's name. */
bool outbox_end(struct db *db, struct claim *claim, const char *state, int64_t outcome,
                const char *problem, struct err *err);

/* Longer lease for a long exchange. */
bool outbox_renew(struct db *db, struct claim *claim, int64_t lease_until_ms,
                  struct err *err);

#endif
