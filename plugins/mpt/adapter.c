/* adapter.c - the MPT adapter's entry: who it is, what it can, where its parts are. */
#include "esim/adapter.h"

#include "esim/capability.h"
#include "esim/entry.h"
#include "esim/exchange.h"
#include "esim/flow.h"
#include "esim/session.h"
#include "flows.h"
#include "machine.h"
#include "runtime.h"
#include "settings.h"

enum { MPT_STATE = 1, FRAME_HEADER = 4 };

static const struct esim_about about ESIM_SECTION = {
    .magic = ESIM_MAGIC,
    .size = sizeof(struct esim_about),
    .abi = ESIM_ABI,
    .name = "mpt",
    .version = "1.0.0",
    .summary = "MPT: lines and eSIM profiles by SMS commands over SMPP 3.4",
    .state_oldest = MPT_STATE,
    .state_newest = MPT_STATE,
    .capabilities = { ESIM_LINE_ACTIVATE, ESIM_LINE_SUSPEND, ESIM_LINE_RESUME,
                      ESIM_LINE_TERMINATE, ESIM_PROFILE_ORDER, ESIM_SMS_SEND },
    .abilities = { ESIM_ABILITY_FLOWS, ESIM_ABILITY_SESSION, ESIM_ABILITY_CHECK },
};

static const struct esim_flow flow_rows[] = {
    ESIM_FLOW(ESIM_LINE_ACTIVATE, command_step),
    ESIM_FLOW(ESIM_LINE_SUSPEND, command_step),
    ESIM_FLOW(ESIM_LINE_RESUME, command_step),
    ESIM_FLOW(ESIM_LINE_TERMINATE, command_step),
    ESIM_FLOW(ESIM_PROFILE_ORDER, command_step),
    ESIM_FLOW(ESIM_SMS_SEND, sms_step),
};
static const struct esim_flows flows = {
    .size = sizeof flows,
    .count = sizeof flow_rows / sizeof flow_rows[0],
    .flows = flow_rows,
};

static const struct esim_session session_rows[] = {
    { .size = sizeof(struct esim_session),
      .name = MPT_SESSION,
      .frame = smpp_frame,
      .header_bytes = FRAME_HEADER,
      .step = machine_step },
};
static const struct esim_sessions sessions = {
    .size = sizeof sessions,
    .count = sizeof session_rows / sizeof session_rows[0],
    .sessions = session_rows,
};

static int32_t start(const struct esim_host *given)
{
    mpt_runtime_start(given);
    return esim_helper_start(given);
}

static const struct esim_problem *settings_problem(struct esim_bytes settings_json)
{
    return esim_settings_problem(settings_json, mpt_settings_check);
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
