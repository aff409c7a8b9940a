/* smdp_state.h - the life of a profile at the SM-DP+: SGP.22 v2.2 3.1.6 as a table. */
#ifndef SANDBOX_SMDP_STATE_H
#define SANDBOX_SMDP_STATE_H

#include <stdbool.h>

enum smdp_state {
    SMDP_AVAILABLE,
    SMDP_ALLOCATED,
    SMDP_LINKED,
    SMDP_CONFIRMED,
    SMDP_RELEASED,
    SMDP_DOWNLOADED,
    SMDP_INSTALLED,
    SMDP_ERROR,
    SMDP_UNAVAILABLE,
    SMDP_STATE_COUNT
};

enum smdp_event {
    SMDP_ORDER,           /* downloadOrder without EID. */
    SMDP_ORDER_FOR_EID,   /* downloadOrder with EID. */
    SMDP_CONFIRM,         /* confirmOrder, releaseFlag false. */
    SMDP_CONFIRM_RELEASE, /* confirmOrder, releaseFlag true. */
    SMDP_RELEASE,
    SMDP_FETCH,    /* ES9+: the bound profile package was fetched. */
    SMDP_GIVE_UP,  /* Not eligible, tries used up, rejected by the user. */
    SMDP_INSTALL,  /* The install notification says success. */
    SMDP_SPOIL,    /* It says failure. */
    SMDP_CANCEL,   /* cancelOrder to Available. */
    SMDP_WITHDRAW, /* cancelOrder to Unavailable. */
    SMDP_EVENT_COUNT
};

const char *smdp_state_name(enum smdp_state state);

/* False when the event is not allowed in this state. */
bool smdp_next(enum smdp_state state, enum smdp_event event, enum smdp_state *ret);

#endif
