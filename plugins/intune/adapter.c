/* adapter.c - the Intune adapter's entry: who it is, what it can, where its parts are. */
#include "esim/adapter.h"

#include "esim/capability.h"
#include "esim/entry.h"
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
                      ESIM_DEVICE_COMPLIANCE, ESIM_DEVICE_NOTIFY, ESIM_SCRIPT_DEPLOY,
                      ESIM_DEVICE_READ, ESIM_DEVICE_SYNC, ESIM_DEVICE_RETIRE,
                      ESIM_GROUP_CHANGE, ESIM_CONFIG_DEPLOY },
    .abilities = { ESIM_ABILITY_FLOWS, ESIM_ABILITY_CHECK },
};

static const struct esim_flow flow_rows[] = {
    ESIM_FLOW(ESIM_DEVICE_LIST, list_step),
    ESIM_FLOW(ESIM_DEVICE_ASSIGN, assign_step),
    ESIM_FLOW(ESIM_DEVICE_ACTIVATE, activate_step),
    ESIM_FLOW(ESIM_DEVICE_COMPLIANCE, compliance_step),
    ESIM_FLOW(ESIM_DEVICE_NOTIFY, notify_step),
    ESIM_FLOW(ESIM_SCRIPT_DEPLOY, script_step),
    ESIM_FLOW(ESIM_DEVICE_READ, read_step),
    ESIM_FLOW(ESIM_DEVICE_SYNC, sync_step),
    ESIM_FLOW(ESIM_DEVICE_RETIRE, retire_step),
    ESIM_FLOW(ESIM_GROUP_CHANGE, group_step),
    ESIM_FLOW(ESIM_CONFIG_DEPLOY, config_step),
};
static const struct esim_flows flows = {
    .size = sizeof flows,
    .count = sizeof flow_rows / sizeof flow_rows[0],
    .flows = flow_rows,
};

static const struct esim_problem *settings_problem(struct esim_bytes settings_json)
{
    return esim_settings_problem(settings_json, settings_check);
}

static const struct esim_check check_ability = {
    .size = sizeof check_ability,
    .settings = settings_problem,
};

static const struct esim_part parts[] = {
    { ESIM_ABILITY_FLOWS, &flows },
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
    .start = esim_helper_start,
    .ability = ability_of,
};
