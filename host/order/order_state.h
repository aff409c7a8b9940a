/* order_state.h - the states of an order (TM Forum TMF641) as one table.
 *
 * Pure: no clock, store or network. Names come from the same list. */
#ifndef ORDER_ORDER_STATE_H
#define ORDER_ORDER_STATE_H

#include <stdbool.h>

#include "base/err.h"

/* X(id, name, is it final?) */
#define ORDER_STATES(X)                                             \
    X(ORDER_ACKNOWLEDGED, "acknowledged", false)                    \
    X(ORDER_PENDING, "pending", false)                              \
    X(ORDER_HELD, "held", false)                                    \
    X(ORDER_IN_PROGRESS, "inProgress", false)                       \
    X(ORDER_COMPLETED, "completed", true)                           \
    X(ORDER_FAILED, "failed", true)                                 \
    X(ORDER_PARTIAL, "partial", true)                               \
    X(ORDER_REJECTED, "rejected", true)                             \
    X(ORDER_ASSESSING_CANCELLATION, "assessingCancellation", false) \
    X(ORDER_PENDING_CANCELLATION, "pendingCancellation", false)     \
    X(ORDER_CANCELLED, "cancelled", true)

enum order_state {
#define X(id, name, final) id,
    ORDER_STATES(X)
#undef X
        ORDER_STATE_COUNT
};

/* X(id, name) */
#define ORDER_EVENTS(X)                                                          \
    X(ORDER_EV_TAKEN, "taken")       /* A step begins. */                        \
    X(ORDER_EV_DEFERRED, "deferred") /* The carrier is away: later. */           \
    X(ORDER_EV_FINISHED, "finished") /* Every step is done. */                   \
    X(ORDER_EV_FAILED, "failed")     /* Refused, and nothing is left behind. */  \
    X(ORDER_EV_LEFTOVER, "leftover") /* Refused, and not all could be undone. */ \
    X(ORDER_EV_HELD, "held")         /* A person must decide. */                 \
    X(ORDER_EV_RESUMED, "resumed")   /* A person decided: go on. */              \
    X(ORDER_EV_CANCEL, "cancel")     /* The client wants it back. */             \
    X(ORDER_EV_UNDO, "undo")         /* The first undoing step is due. */        \
    X(ORDER_EV_UNDONE, "undone")     /* All that was done is undone. */          \
    X(ORDER_EV_KEPT, "kept")         /* The carrier will not take it back. */

enum order_event {
#define X(id, name) id,
    ORDER_EVENTS(X)
#undef X
        ORDER_EVENT_COUNT
};

const char *order_state_name(enum order_state state);
const char *order_event_name(enum order_event event);
bool order_state_read(const char *name, enum order_state *ret);
bool order_state_is_final(enum order_state state);

/* ERR_CONFLICT naming state and event where the table has a hole. */
bool order_state_next(enum order_state from, enum order_event event,
                      enum order_state *ret, struct err *err);

#endif
