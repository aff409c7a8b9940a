/* adapter.c - the Mytel adapter's entry: who it is, what it can, where its parts are. */
#include "esim/adapter.h"

#include <string.h>

#include "esim/capability.h"
#include "esim/exchange.h"
#include "esim/flow.h"
#include "flows.h"
#include "memory.h"
#include "request.h"
#include "session.h"
#include "settings.h"
#include "wire_frame.h"

enum { MYTEL_STATE = 1 }; /* Of operations and of sessions. */

static const struct esim_about about ESIM_SECTION = {
    .magic = ESIM_MAGIC,
    .size = sizeof(struct esim_about),
    .abi = ESIM_ABI,
    .name = "mytel",
    .version = "1.0.0",
    .summary = "Mytel: profiles, lines and usage over the carrier's binary protocol",
    .state_oldest = MYTEL_STATE,
    .state_newest = MYTEL_STATE,
    .capabilities = { ESIM_PROFILE_ORDER, ESIM_PROFILE_CONFIRM, ESIM_PROFILE_RELEASE,
                      ESIM_PROFILE_CANCEL, ESIM_PROFILE_STATUS, ESIM_LINE_ACTIVATE,
                      ESIM_LINE_SUSPEND, ESIM_LINE_RESUME, ESIM_LINE_TERMINATE,
                      ESIM_USAGE_READ },
    .abilities = { ESIM_ABILITY_FLOWS, ESIM_ABILITY_SESSION, ESIM_ABILITY_CHECK },
};

#define FLOW(capability, step)                         \
    {                                                  \
        sizeof(struct esim_flow), (capability), (step) \
    }
static const struct esim_flow flow_rows[] = {
    FLOW(ESIM_PROFILE_ORDER, change_step),   FLOW(ESIM_PROFILE_CONFIRM, change_step),
    FLOW(ESIM_PROFILE_RELEASE, change_step), FLOW(ESIM_PROFILE_CANCEL, change_step),
    FLOW(ESIM_PROFILE_STATUS, read_step),    FLOW(ESIM_LINE_ACTIVATE, change_step),
    FLOW(ESIM_LINE_SUSPEND, change_step),    FLOW(ESIM_LINE_RESUME, change_step),
    FLOW(ESIM_LINE_TERMINATE, change_step),  FLOW(ESIM_USAGE_READ, read_step),
};
static const struct esim_flows flows = {
    .size = sizeof flows,
    .count = sizeof flow_rows / sizeof flow_rows[0],
    .flows = flow_rows,
};

static const struct esim_session session_rows[] = {
    { .size = sizeof(struct esim_session),
      .name = MYTEL_SESSION,
      .frame = mytel_session_frame,
      .header_bytes = FRAME_CUT_BYTES,
      .step = mytel_session_step },
};
static const struct esim_sessions sessions = {
    .size = sizeof sessions,
    .count = sizeof session_rows / sizeof session_rows[0],
    .sessions = session_rows,
};

static int32_t start(const struct esim_host *host)
{
    mytel_memory_start(host);
    return esim_helper_start(host);
}

/* Settings that could not be looked at are not fine. */
static const struct esim_problem no_memory = {
    .size = sizeof no_memory,
    .retry_after_s = -1,
    .message = { "the check ran out of memory",
                 sizeof "the check ran out of memory" - 1 },
};

static const struct esim_problem *settings_problem(struct esim_bytes settings_json)
{
    const json_t *json = esim_json_read(settings_json);
    const char *message = "expected a JSON object";
    const char *name = json_is_object(json) ? mytel_settings_check(json, &message) : "";
    if (name == NULL)
        return NULL;
    struct esim_problem *problem = mytel_alloc(sizeof *problem);
    if (problem == NULL)
        return &no_memory;
    problem->size = sizeof *problem;
    problem->retry_after_s = -1;
    problem->code = esim_text(name);
    problem->message = esim_text(message);
    return problem;
}

static const struct esim_check check_ability = {
    .size = sizeof check_ability,
    .settings = settings_problem,
};

static const struct {
    const char *id;
    const void *ability;
} abilities[] = {
    { ESIM_ABILITY_FLOWS, &flows },
    { ESIM_ABILITY_SESSION, &sessions },
    { ESIM_ABILITY_CHECK, &check_ability },
};

static const void *ability_of(const char *id)
{
    for (size_t i = 0; i < sizeof abilities / sizeof abilities[0]; i++)
        if (strcmp(abilities[i].id, id) == 0)
            return abilities[i].ability;
    return NULL;
}

const struct esim_entry esim_entry = {
    .size = sizeof esim_entry,
    .abi = ESIM_ABI,
    .about = &about,
    .start = start,
    .ability = ability_of,
};
