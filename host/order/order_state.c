#include "order/order_state.h"

#include <assert.h>
#include <string.h>

static const char *const state_names[ORDER_STATE_COUNT] = {
#define X(id, name, final) [id] = name,
    ORDER_STATES(X)
#undef X
};

static const bool final_states[ORDER_STATE_COUNT] = {
#define X(id, name, final) [id] = final,
    ORDER_STATES(X)
#undef X
};

static const char *const event_names[ORDER_EVENT_COUNT] = {
#define X(id, name) [id] = name,
    ORDER_EVENTS(X)
#undef X
};

/* clang-format off */
/* A hole is 0; so states are kept one higher here. */
#define TO(state) ((state) + 1)
static const unsigned char arrows[ORDER_STATE_COUNT][ORDER_EVENT_COUNT] = {
    [ORDER_ACKNOWLEDGED] = {
        [ORDER_EV_TAKEN]    = TO(ORDER_IN_PROGRESS),
        [ORDER_EV_DEFERRED] = TO(ORDER_PENDING),
        [ORDER_EV_HELD]     = TO(ORDER_HELD),
        [ORDER_EV_CANCEL]   = TO(ORDER_CANCELLED),
    },
    [ORDER_PENDING] = { /* Accepted; the carrier is away. */
        [ORDER_EV_TAKEN]    = TO(ORDER_IN_PROGRESS),
        [ORDER_EV_DEFERRED] = TO(ORDER_PENDING),
        [ORDER_EV_HELD]     = TO(ORDER_HELD),
        [ORDER_EV_CANCEL]   = TO(ORDER_ASSESSING_CANCELLATION),
        [ORDER_EV_FAILED]   = TO(ORDER_FAILED),
    },
    [ORDER_IN_PROGRESS] = {
        [ORDER_EV_TAKEN]    = TO(ORDER_IN_PROGRESS),
        [ORDER_EV_DEFERRED] = TO(ORDER_PENDING),
        [ORDER_EV_FINISHED] = TO(ORDER_COMPLETED),
        [ORDER_EV_FAILED]   = TO(ORDER_FAILED),
        [ORDER_EV_LEFTOVER] = TO(ORDER_PARTIAL),
        [ORDER_EV_HELD]     = TO(ORDER_HELD),
        [ORDER_EV_CANCEL]   = TO(ORDER_ASSESSING_CANCELLATION),
    },
    [ORDER_HELD] = {
        [ORDER_EV_RESUMED]  = TO(ORDER_IN_PROGRESS),
        [ORDER_EV_FINISHED] = TO(ORDER_COMPLETED),
        [ORDER_EV_FAILED]   = TO(ORDER_FAILED),
        [ORDER_EV_LEFTOVER] = TO(ORDER_PARTIAL),
        [ORDER_EV_UNDO]     = TO(ORDER_PENDING_CANCELLATION),
        [ORDER_EV_UNDONE]   = TO(ORDER_CANCELLED),
    },
    [ORDER_ASSESSING_CANCELLATION] = { /* A step is still running. */
        [ORDER_EV_TAKEN]    = TO(ORDER_ASSESSING_CANCELLATION),
        [ORDER_EV_DEFERRED] = TO(ORDER_ASSESSING_CANCELLATION),
        [ORDER_EV_UNDO]     = TO(ORDER_PENDING_CANCELLATION),
        [ORDER_EV_UNDONE]   = TO(ORDER_CANCELLED),
        [ORDER_EV_HELD]     = TO(ORDER_HELD),
    },
    [ORDER_PENDING_CANCELLATION] = {
        [ORDER_EV_TAKEN]    = TO(ORDER_PENDING_CANCELLATION),
        [ORDER_EV_DEFERRED] = TO(ORDER_PENDING_CANCELLATION),
        [ORDER_EV_UNDONE]   = TO(ORDER_CANCELLED),
        [ORDER_EV_KEPT]     = TO(ORDER_COMPLETED),
        [ORDER_EV_LEFTOVER] = TO(ORDER_PARTIAL),
        [ORDER_EV_HELD]     = TO(ORDER_HELD),
    },
    [ORDER_COMPLETED] = {
        [ORDER_EV_CANCEL]   = TO(ORDER_ASSESSING_CANCELLATION),
    },
};
#undef TO
/* clang-format on */

const char *order_state_name(enum order_state state)
{
    assert(state < ORDER_STATE_COUNT);
    return state_names[state];
}

const char *order_event_name(enum order_event event)
{
    assert(event < ORDER_EVENT_COUNT);
    return event_names[event];
}

bool order_state_read(const char *name, enum order_state *ret)
{
    for (int i = 0; name != NULL && i < ORDER_STATE_COUNT; i++) {
        if (strcmp(state_names[i], name) == 0) {
            *ret = (enum order_state)i;
            return true;
        }
    }
    return false;
}

bool order_state_is_final(enum order_state state)
{
    assert(state < ORDER_STATE_COUNT);
    return final_states[state];
}

bool order_state_next(enum order_state from, enum order_event event,
                      enum order_state *ret, struct err *err)
{
    assert(from < ORDER_STATE_COUNT && event < ORDER_EVENT_COUNT);
    unsigned char to = arrows[from][event];
    if (to == 0)
        return err_set(err, ERR_CONFLICT, "an order that is %s cannot take \"%s\"",
                       state_names[from], event_names[event]);
    *ret = (enum order_state)(to - 1);
    return true;
}
