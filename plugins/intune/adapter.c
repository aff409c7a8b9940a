/* adapter.c - the Intune adapter's entry: who it is, what it can, where its parts are. */
#include "esim/adapter.h"

#include <string.h>

#include "esim/capability.h"
#include "esim/exchange.h"
#include "esim/flow.h"
#include "flows.h"
#include "settings.h"

enum { INTUNE_STATE = 1 };

static const struct esim_about about ESIM_SECTION = {
    .magic = ESIM_MAGIC,
    .size = sizeof(struct esim_about),
    .abi = ESIM_ABI,
    .name = "intune",
    .version = "1.0.0",
    .summary = "Microsoft Intune: devices, eSIM assignment and scripts over Graph",
    .state_oldest = INTUNE_STATE,
    .state_newest = INTUNE_STATE,
    .capabilities = { ESIM_DEVICE_LIST, ESIM_DEVICE_ASSIGN, ESIM_DEVICE_ACTIVATE,
                      ESIM_DEVICE_COMPLIANCE, ESIM_DEVICE_NOTIFY, ESIM_SCRIPT_DEPLOY },
    .abilities = { ESIM_ABILITY_FLOWS, ESIM_ABILITY_CHECK },
};

static const struct esim_flow flow_rows[] = {
    { sizeof(struct esim_flow), ESIM_DEVICE_LIST, list_step },
    { sizeof(struct esim_flow), ESIM_DEVICE_ASSIGN, assign_step },
    { sizeof(struct esim_flow), ESIM_DEVICE_ACTIVATE, activate_step },
    { sizeof(struct esim_flow), ESIM_DEVICE_COMPLIANCE, compliance_step },
    { sizeof(struct esim_flow), ESIM_DEVICE_NOTIFY, notify_step },
    { sizeof(struct esim_flow), ESIM_SCRIPT_DEPLOY, script_step },
};
static const struct esim_flows flows = {
    .size = sizeof flows,
    .count = sizeof flow_rows / sizeof flow_rows[0],
    .flows = flow_rows,
};

/* Set once by start, before the cell is locked. */
static const struct esim_host *host;

static int32_t start(const struct esim_host *given)
{
    host = given;
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
    const char *name = json_is_object(json) ? settings_check(json, &message) : "";
    if (name == NULL)
        return NULL;
    struct esim_problem *problem = host->alloc(sizeof *problem);
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

static const void *ability_of(const char *id)
{
    if (strcmp(id, ESIM_ABILITY_FLOWS) == 0)
        return &flows;
    return strcmp(id, ESIM_ABILITY_CHECK) == 0 ? &check_ability : NULL;
}

const struct esim_entry esim_entry = {
    .size = sizeof esim_entry,
    .abi = ESIM_ABI,
    .about = &about,
    .start = start,
    .ability = ability_of,
};
