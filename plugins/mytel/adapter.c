/* adapter.c - the Mytel adapter's entry: who it is, what it can, where its parts are. */
#include "esim/adapter.h"

#include "esim/capability.h"
#include "esim/entry.h"
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

static const struct esim_flow flow_rows[] = {
    ESIM_FLOW(ESIM_PROFILE_ORDER, change_step),
    ESIM_FLOW(ESIM_PROFILE_CONFIRM, change_step),
    ESIM_FLOW(ESIM_PROFILE_RELEASE, change_step),
    ESIM_FLOW(ESIM_PROFILE_CANCEL, change_step),
    ESIM_FLOW(ESIM_PROFILE_STATUS, read_step),
    ESIM_FLOW(ESIM_LINE_ACTIVATE, change_step),
    ESIM_FLOW(ESIM_LINE_SUSPEND, change_step),
    ESIM_FLOW(ESIM_LINE_RESUME, change_step),
    ESIM_FLOW(ESIM_LINE_TERMINATE, change_step),
    ESIM_FLOW(ESIM_USAGE_READ, read_step),
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

static const struct esim_problem *settings_problem(struct esim_bytes settings_json)
{
    return esim_settings_problem(settings_json, mytel_settings_check);
}

static const struct esim_check check_ability = {
    .size = sizeof check_ability,
    .settings = settings_problem,
};

static const struct esim_part parts[] = {
    { ESIM_ABILITY_FLOWS, &flows },
    { ESIM_ABILITY_SESSION, &sessions },
    { ESIM_ABILITY_CHECK, &check_ability },
    { NULL, NULL },
};

static const void *ability_of(const char *id)
{
    return esim_part_of(parts, id);
}

const struct esim_entry esim_entry = {
    .size = sizeof esim_entry,
    .abi = ESIM_ABI,
    .about = &about,
    .start = start,
    .ability = ability_of,
};
