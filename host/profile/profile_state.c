#include "profile/profile_state.h"

#include <assert.h>
#include <string.h>

/* A cell holds the next state plus one, so that a hole, zero, is "not allowed". */
#define TO(state) ((unsigned char)((state) + 1))

#define X(id, name) name,
static const char *const profile_states[] = { PROFILE_STATES(X) };
static const char *const profile_events[] = { PROFILE_EVENTS(X) };
static const char *const device_copy_states[] = { DEVICE_COPY_STATES(X) };
static const char *const device_copy_events[] = { DEVICE_COPY_EVENTS(X) };
static const char *const line_states[] = { LINE_STATES(X) };
static const char *const line_events[] = { LINE_EVENTS(X) };
#undef X

/* clang-format off */
/* SGP.22 v2.2 3.1.6, figure and table. */
static const unsigned char profile_next[PROFILE_STATE_COUNT][PROFILE_EVENT_COUNT] = {
    [PROFILE_AVAILABLE] = {
        [PROFILE_EV_ORDERED]            = TO(PROFILE_ALLOCATED),
        [PROFILE_EV_ORDERED_FOR_EID]    = TO(PROFILE_LINKED),
    },
    [PROFILE_ALLOCATED] = {
        [PROFILE_EV_CONFIRMED]          = TO(PROFILE_CONFIRMED),
        [PROFILE_EV_CONFIRMED_RELEASED] = TO(PROFILE_RELEASED),
        [PROFILE_EV_CANCELLED]          = TO(PROFILE_AVAILABLE),
        [PROFILE_EV_WITHDRAWN]          = TO(PROFILE_UNAVAILABLE),
    },
    [PROFILE_LINKED] = {
        [PROFILE_EV_CONFIRMED]          = TO(PROFILE_CONFIRMED),
        [PROFILE_EV_CONFIRMED_RELEASED] = TO(PROFILE_RELEASED),
        [PROFILE_EV_CANCELLED]          = TO(PROFILE_AVAILABLE),
        [PROFILE_EV_WITHDRAWN]          = TO(PROFILE_UNAVAILABLE),
    },
    [PROFILE_CONFIRMED] = {
        [PROFILE_EV_RELEASED]           = TO(PROFILE_RELEASED),
        [PROFILE_EV_CANCELLED]          = TO(PROFILE_AVAILABLE),
        [PROFILE_EV_WITHDRAWN]          = TO(PROFILE_UNAVAILABLE),
    },
    [PROFILE_RELEASED] = {
        [PROFILE_EV_FETCHED]            = TO(PROFILE_DOWNLOADED),
        [PROFILE_EV_DOWNLOAD_FAILED]    = TO(PROFILE_ERROR),
        [PROFILE_EV_CANCELLED]          = TO(PROFILE_AVAILABLE),
        [PROFILE_EV_WITHDRAWN]          = TO(PROFILE_UNAVAILABLE),
    },
    [PROFILE_DOWNLOADED] = {
        [PROFILE_EV_FETCHED]            = TO(PROFILE_DOWNLOADED), /* The same eUICC. */
        [PROFILE_EV_DOWNLOAD_FAILED]    = TO(PROFILE_ERROR),
        [PROFILE_EV_INSTALLED]          = TO(PROFILE_INSTALLED),
        [PROFILE_EV_INSTALL_FAILED]     = TO(PROFILE_ERROR),
    },
    [PROFILE_ERROR] = {
        [PROFILE_EV_CANCELLED]          = TO(PROFILE_AVAILABLE),
        [PROFILE_EV_WITHDRAWN]          = TO(PROFILE_UNAVAILABLE),
    },
};

static const unsigned char
device_copy_next[DEVICE_COPY_STATE_COUNT][DEVICE_COPY_EVENT_COUNT] = {
    [DEVICE_COPY_PENDING] = {
        [DEVICE_COPY_EV_INSTALLED] = TO(DEVICE_COPY_INSTALLED),
        [DEVICE_COPY_EV_DELETED]   = TO(DEVICE_COPY_DELETED), /* Withdrawn in time. */
        [DEVICE_COPY_EV_RESET]     = TO(DEVICE_COPY_DELETED),
    },
    [DEVICE_COPY_INSTALLED] = {
        [DEVICE_COPY_EV_ENABLED]   = TO(DEVICE_COPY_ENABLED),
        [DEVICE_COPY_EV_DELETED]   = TO(DEVICE_COPY_DELETED),
        [DEVICE_COPY_EV_RESET]     = TO(DEVICE_COPY_DELETED),
    },
    [DEVICE_COPY_ENABLED] = {
        [DEVICE_COPY_EV_DISABLED]  = TO(DEVICE_COPY_DISABLED),
        [DEVICE_COPY_EV_RESET]     = TO(DEVICE_COPY_DELETED),
    },
    [DEVICE_COPY_DISABLED] = {
        [DEVICE_COPY_EV_ENABLED]   = TO(DEVICE_COPY_ENABLED),
        [DEVICE_COPY_EV_DELETED]   = TO(DEVICE_COPY_DELETED),
        [DEVICE_COPY_EV_RESET]     = TO(DEVICE_COPY_DELETED),
    },
};

static const unsigned char line_next[LINE_STATE_COUNT][LINE_EVENT_COUNT] = {
    [LINE_PROVISIONED] = {
        [LINE_EV_ACTIVATED]  = TO(LINE_ACTIVE),
        [LINE_EV_TERMINATED] = TO(LINE_DELETED),
    },
    [LINE_ACTIVE] = {
        [LINE_EV_SUSPENDED]  = TO(LINE_SUSPENDED),
        [LINE_EV_TERMINATED] = TO(LINE_DELETED),
    },
    [LINE_SUSPENDED] = {
        [LINE_EV_RESUMED]    = TO(LINE_ACTIVE),
        [LINE_EV_TERMINATED] = TO(LINE_DELETED),
    },
};
/* clang-format on */

struct machine {
    const char *noun;
    const char *const *states;
    const char *const *events;
    size_t state_count;
    size_t event_count;
    const unsigned char *next; /* state_count rows of event_count. */
};

static const struct machine profile_machine = {
    .noun = "a profile",
    .states = profile_states,
    .events = profile_events,
    .state_count = PROFILE_STATE_COUNT,
    .event_count = PROFILE_EVENT_COUNT,
    .next = &profile_next[0][0],
};
static const struct machine device_copy_machine = {
    .noun = "a profile on a device",
    .states = device_copy_states,
    .events = device_copy_events,
    .state_count = DEVICE_COPY_STATE_COUNT,
    .event_count = DEVICE_COPY_EVENT_COUNT,
    .next = &device_copy_next[0][0],
};
static const struct machine line_machine = {
    .noun = "a line",
    .states = line_states,
    .events = line_events,
    .state_count = LINE_STATE_COUNT,
    .event_count = LINE_EVENT_COUNT,
    .next = &line_next[0][0],
};

static const char *state_name(const struct machine *machine, size_t state)
{
    assert(state < machine->state_count);
    return machine->states[state];
}

static const char *event_name(const struct machine *machine, size_t event)
{
    assert(event < machine->event_count);
    return machine->events[event];
}

static bool state_of(const struct machine *machine, const char *name, size_t *ret)
{
    for (size_t i = 0; name != NULL && i < machine->state_count; i++) {
        if (strcmp(machine->states[i], name) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static bool next_of(const struct machine *machine, size_t from, size_t event,
                    size_t *ret, struct err *err)
{
    const char *state = state_name(machine, from);
    const char *what = event_name(machine, event);
    unsigned char to = machine->next[from * machine->event_count + event];
    if (to == 0)
        return err_set(err, ERR_CONFLICT, "%s in state %s does not allow %s",
                       machine->noun, state, what);
    *ret = to - 1u;
    return true;
}

/* The public names of one machine: the same five lines thrice, by type. */
#define MACHINE_FUNCTIONS(prefix, state_type, event_type)                       \
    const char *prefix##_state_name(enum state_type state)                      \
    {                                                                           \
        return state_name(&prefix##_machine, (size_t)state);                    \
    }                                                                           \
    const char *prefix##_event_name(enum event_type event)                      \
    {                                                                           \
        return event_name(&prefix##_machine, (size_t)event);                    \
    }                                                                           \
    bool prefix##_state_read(const char *name, enum state_type *ret)            \
    {                                                                           \
        size_t found = 0;                                                       \
        if (!state_of(&prefix##_machine, name, &found))                         \
            return false;                                                       \
        *ret = (enum state_type)found;                                          \
        return true;                                                            \
    }                                                                           \
    bool prefix##_state_next(enum state_type from, enum event_type event,       \
                             enum state_type *ret, struct err *err)             \
    {                                                                           \
        size_t to = 0;                                                          \
        if (!next_of(&prefix##_machine, (size_t)from, (size_t)event, &to, err)) \
            return false;                                                       \
        *ret = (enum state_type)to;                                             \
        return true;                                                            \
    }

MACHINE_FUNCTIONS(profile, profile_state, profile_event)
MACHINE_FUNCTIONS(device_copy, device_copy_state, device_copy_event)
MACHINE_FUNCTIONS(line, line_state, line_event)

bool profile_state_leads_to(enum profile_state from, enum profile_state to)
{
    for (size_t event = 0; event < PROFILE_EVENT_COUNT; event++) {
        if (profile_next[from][event] == TO(to))
            return true;
    }
    return false;
}
