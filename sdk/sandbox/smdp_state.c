#include "smdp_state.h"

static const char *const names[SMDP_STATE_COUNT] = {
    [SMDP_AVAILABLE] = "Available",     [SMDP_ALLOCATED] = "Allocated",
    [SMDP_LINKED] = "Linked",           [SMDP_CONFIRMED] = "Confirmed",
    [SMDP_RELEASED] = "Released",       [SMDP_DOWNLOADED] = "Downloaded",
    [SMDP_INSTALLED] = "Installed",     [SMDP_ERROR] = "Error",
    [SMDP_UNAVAILABLE] = "Unavailable",
};

struct arrow {
    bool is_allowed;
    enum smdp_state to;
};
#define TO(state)          \
    {                      \
        true, SMDP_##state \
    }

/* clang-format off */
static const struct arrow arrows[SMDP_STATE_COUNT][SMDP_EVENT_COUNT] = {
    [SMDP_AVAILABLE]  = { [SMDP_ORDER]           = TO(ALLOCATED),
                          [SMDP_ORDER_FOR_EID]   = TO(LINKED) },
    [SMDP_ALLOCATED]  = { [SMDP_CONFIRM]         = TO(CONFIRMED),
                          [SMDP_CONFIRM_RELEASE] = TO(RELEASED),
                          [SMDP_CANCEL]          = TO(AVAILABLE),
                          [SMDP_WITHDRAW]        = TO(UNAVAILABLE) },
    [SMDP_LINKED]     = { [SMDP_CONFIRM]         = TO(CONFIRMED),
                          [SMDP_CONFIRM_RELEASE] = TO(RELEASED),
                          [SMDP_CANCEL]          = TO(AVAILABLE),
                          [SMDP_WITHDRAW]        = TO(UNAVAILABLE) },
    [SMDP_CONFIRMED]  = { [SMDP_RELEASE]         = TO(RELEASED),
                          [SMDP_CANCEL]          = TO(AVAILABLE),
                          [SMDP_WITHDRAW]        = TO(UNAVAILABLE) },
    [SMDP_RELEASED]   = { [SMDP_FETCH]           = TO(DOWNLOADED),
                          [SMDP_GIVE_UP]         = TO(ERROR),
                          [SMDP_CANCEL]          = TO(AVAILABLE),
                          [SMDP_WITHDRAW]        = TO(UNAVAILABLE) },
    [SMDP_DOWNLOADED] = { [SMDP_FETCH]           = TO(DOWNLOADED),
                          [SMDP_GIVE_UP]         = TO(ERROR),
                          [SMDP_INSTALL]         = TO(INSTALLED),
                          [SMDP_SPOIL]           = TO(ERROR) },
    [SMDP_ERROR]      = { [SMDP_CANCEL]          = TO(AVAILABLE),
                          [SMDP_WITHDRAW]        = TO(UNAVAILABLE) },
};
/* clang-format on */

const char *smdp_state_name(enum smdp_state state)
{
    return names[state];
}

bool smdp_next(enum smdp_state state, enum smdp_event event, enum smdp_state *ret)
{
    const struct arrow *arrow = &arrows[state][event];
    if (arrow->is_allowed)
        *ret = arrow->to;
    return arrow->is_allowed;
}
