/* adapter.c - the MPT adapter's entry: who it is, what it can, where its parts are. */
#include "esim/adapter.h"

#include <string.h>

#include "esim/capability.h"
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
    { sizeof(struct esim_flow), ESIM_LINE_ACTIVATE, command_step },
    { sizeof(struct esim_flow), ESIM_LINE_SUSPEND, command_step },
    { sizeof(struct esim_flow), ESIM_LINE_RESUME, command_step },
    { sizeof(struct esim_flow), ESIM_LINE_TERMINATE, command_step },
    { sizeof(struct esim_flow), ESIM_PROFILE_ORDER, command_step },
    { sizeof(struct esim_flow), ESIM_SMS_SEND, sms_step },
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
    const char *name = json_is_object(json) ? mpt_settings_check(json, &message) : "";
    if (name == NULL)
        return NULL;
    struct esim_problem *problem = mpt_alloc(sizeof *problem);
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
