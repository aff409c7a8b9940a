/* profile_state.h - the three machines of one SIM, kept apart, each as one table.
 *
 * The carrier's profile (SGP.22 3.1.6), the copy of it on a device, and the line that
 * the carrier bills. Names come from the same list as the states. A hole in a table is
 * "not allowed": ERR_CONFLICT with a sentence that names state and event.
 *
 * Pure: no clock, store or network. Threads: any. */
#ifndef PROFILE_PROFILE_STATE_H
#define PROFILE_PROFILE_STATE_H

#include <stdbool.h>

#include "base/err.h"

/* ---- the carrier's profile ---- */

/* X(id, name) */
#define PROFILE_STATES(X)               \
    X(PROFILE_AVAILABLE, "Available")   \
    X(PROFILE_ALLOCATED, "Allocated")   \
    X(PROFILE_LINKED, "Linked")         \
    X(PROFILE_CONFIRMED, "Confirmed")   \
    X(PROFILE_RELEASED, "Released")     \
    X(PROFILE_DOWNLOADED, "Downloaded") \
    X(PROFILE_INSTALLED, "Installed")   \
    X(PROFILE_ERROR, "Error")           \
    X(PROFILE_UNAVAILABLE, "Unavailable")

enum profile_state {
#define X(id, name) id,
    PROFILE_STATES(X)
#undef X
        PROFILE_STATE_COUNT
};

/* X(id, name). ORDERED without an EID, ORDERED_FOR_EID with one; CONFIRMED with
 * releaseFlag false, CONFIRMED_RELEASED with true. FETCHED also when the same eUICC
 * fetches again. DOWNLOAD_FAILED: not eligible, tries used up, refused by the user.
 * CANCELLED and WITHDRAWN: cancelOrder, by the final state it asks for. */
#define PROFILE_EVENTS(X)                                      \
    X(PROFILE_EV_ORDERED, "downloadOrder")                     \
    X(PROFILE_EV_ORDERED_FOR_EID, "downloadOrder (EID)")       \
    X(PROFILE_EV_CONFIRMED, "confirmOrder")                    \
    X(PROFILE_EV_CONFIRMED_RELEASED, "confirmOrder (release)") \
    X(PROFILE_EV_RELEASED, "releaseProfile")                   \
    X(PROFILE_EV_FETCHED, "package fetched")                   \
    X(PROFILE_EV_DOWNLOAD_FAILED, "download failed")           \
    X(PROFILE_EV_INSTALLED, "install succeeded")               \
    X(PROFILE_EV_INSTALL_FAILED, "install failed")             \
    X(PROFILE_EV_CANCELLED, "cancelOrder (Available)")         \
    X(PROFILE_EV_WITHDRAWN, "cancelOrder (Unavailable)")

enum profile_event {
#define X(id, name) id,
    PROFILE_EVENTS(X)
#undef X
        PROFILE_EVENT_COUNT
};

const char *profile_state_name(enum profile_state state);
const char *profile_event_name(enum profile_event event);

/* By SGP.22 name, exactly. False when there is none. */
bool profile_state_read(const char *name, enum profile_state *ret);

bool profile_state_next(enum profile_state from, enum profile_event event,
                        enum profile_state *ret, struct err *err);

/* Does some single event lead from one to the other? For states a carrier tells. */
bool profile_state_leads_to(enum profile_state from, enum profile_state to);

/* ---- the copy on a device ---- */

/* X(id, name) */
#define DEVICE_COPY_STATES(X)             \
    X(DEVICE_COPY_PENDING, "pending")     \
    X(DEVICE_COPY_INSTALLED, "installed") \
    X(DEVICE_COPY_ENABLED, "enabled")     \
    X(DEVICE_COPY_DISABLED, "disabled")   \
    X(DEVICE_COPY_DELETED, "deleted")

enum device_copy_state {
#define X(id, name) id,
    DEVICE_COPY_STATES(X)
#undef X
        DEVICE_COPY_STATE_COUNT
};

/* X(id, name). An enabled profile must be disabled before it can be deleted (SGP.22
 * ES10c DeleteProfile); only a reset of the whole eUICC removes it as it stands. */
#define DEVICE_COPY_EVENTS(X)              \
    X(DEVICE_COPY_EV_INSTALLED, "install") \
    X(DEVICE_COPY_EV_ENABLED, "enable")    \
    X(DEVICE_COPY_EV_DISABLED, "disable")  \
    X(DEVICE_COPY_EV_DELETED, "delete")    \
    X(DEVICE_COPY_EV_RESET, "memory reset")

enum device_copy_event {
#define X(id, name) id,
    DEVICE_COPY_EVENTS(X)
#undef X
        DEVICE_COPY_EVENT_COUNT
};

const char *device_copy_state_name(enum device_copy_state state);
const char *device_copy_event_name(enum device_copy_event event);
bool device_copy_state_read(const char *name, enum device_copy_state *ret);
bool device_copy_state_next(enum device_copy_state from, enum device_copy_event event,
                            enum device_copy_state *ret, struct err *err);

/* ---- the line ---- */

/* X(id, name) */
#define LINE_STATES(X)                 \
    X(LINE_PROVISIONED, "PROVISIONED") \
    X(LINE_ACTIVE, "ACTIVE")           \
    X(LINE_SUSPENDED, "SUSPENDED")     \
    X(LINE_DELETED, "DELETED")

enum line_state {
#define X(id, name) id,
    LINE_STATES(X)
#undef X
        LINE_STATE_COUNT
};

/* X(id, name) */
#define LINE_EVENTS(X)               \
    X(LINE_EV_ACTIVATED, "activate") \
    X(LINE_EV_SUSPENDED, "suspend")  \
    X(LINE_EV_RESUMED, "resume")     \
    X(LINE_EV_TERMINATED, "terminate")

enum line_event {
#define X(id, name) id,
    LINE_EVENTS(X)
#undef X
        LINE_EVENT_COUNT
};

const char *line_state_name(enum line_state state);
const char *line_event_name(enum line_event event);
bool line_state_read(const char *name, enum line_state *ret);
bool line_state_next(enum line_state from, enum line_event event, enum line_state *ret,
                     struct err *err);

#endif
