/* order_advance.h - what a step's end means for its order: the next step, the way back,
 * or the end.
 *
 * One transaction: the claim is checked and the row deleted, the step and the order
 * move, the profile learns, the next operation is written, audit and events with them.
 * Inside transactions only. */
#ifndef ORDER_ORDER_ADVANCE_H
#define ORDER_ORDER_ADVANCE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/id.h"
#include "crypto/seal.h"
#include "manifest/manifest.h"
#include "order/outbox.h"

struct step_end {
    struct claim *claim;
    int64_t outcome;                 /* esim_outcome: DONE, REFUSED or UNKNOWN. */
    const json_t *result;            /* DONE: what the adapter gave. */
    const char *problem;             /* JSON for the API; NULL with DONE. */
    const char *reason;              /* The sentence for audit and `held_for`. */
    const struct manifest *manifest; /* What the adapter offers. */
    const struct sealer *sealer;
    char next_operation_id[ID_SIZE]; /* Out: the operation that follows; "" = none. */
};

/* A DONE whose result breaks its own rules is taken as UNKNOWN: the carrier did
 * something, and nobody here can say what. */
bool order_advance(struct db *db, struct step_end *end, struct err *err);

/* The operation cannot go on by itself (attempts or time used up, unreadable): held, with
 * `reason` as what a person is to know. */
bool order_hold(struct db *db, struct claim *claim, const char *problem,
                const char *reason, struct err *err);

/* Begins or goes on taking back: the newest step that was done and can be undone. Writes
 * the next undoing operation, or ends the order when nothing is left. For a cancellation
 * with no step running, and for a person's "give up". `manifest` NULL: not loaded;
 * undoing steps are written all the same and wait for the adapter. */
bool order_undo_next(struct db *db, struct order_row *order, const char *lane,
                     const struct manifest *manifest, const struct order_news *news,
                     char ret_operation_id[ID_SIZE], struct err *err);

/* A step is taken as done with this result, and the order goes on (a person's word). */
bool order_go_on(struct db *db, struct order_row *order, json_t *vars,
                 const json_t *result, const char *capability, const char *lane,
                 const struct sealer *sealer, const struct order_news *news,
                 char ret_operation_id[ID_SIZE], struct err *err);

#endif
