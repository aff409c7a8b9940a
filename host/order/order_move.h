/* order_move.h - the only place where an order's or a step's state changes.
 *
 * Every change of an order's state raises its version, writes an audit record and an
 * event, in the caller's transaction. Inside transactions only. */
#ifndef ORDER_ORDER_MOVE_H
#define ORDER_ORDER_MOVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "order/order.h"
#include "order/order_state.h"
#include "store/db.h"

/* What the moves of one order need to know of it. */
struct order_row {
    char tenant[ORDER_TENANT_SIZE];
    char id[ID_SIZE];
    char type[ORDER_NAME_SIZE];
    char adapter[ORDER_NAME_SIZE];
    char trace[64];
    enum order_state state;
    int64_t position;
    int64_t compensating; /* enum order_direction */
    int64_t version;
};

enum order_direction {
    ORDER_FORWARD = 0,
    ORDER_UNDO_FAILED = 1, /* Taking back what was done, because a step was refused. */
    ORDER_UNDO_CANCEL = 2  /* The same, because the client asked. */
};

bool order_row_load(struct db *db, const char *tenant, const char *id,
                    struct order_row *ret, struct err *err);

/* Moves by the table of order_state.h. Where the event leaves the state as it is, only
 * the version rises. `subject` and `reason` go to the audit. `problem` (JSON text or
 * NULL) and `held_for` (text or NULL) are stored as they are. */
struct order_news {
    const char *subject;
    const char *reason;
    const char *problem;
    const char *held_for;
    const struct order_actor *actor; /* NULL when the host moves by itself. */
};
bool order_move(struct db *db, struct order_row *order, enum order_event event,
                const struct order_news *news, struct err *err);

/* Saves position and direction. */
bool order_point(struct db *db, struct order_row *order, int64_t position,
                 enum order_direction direction, struct err *err);

#endif
