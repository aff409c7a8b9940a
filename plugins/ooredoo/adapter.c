/* adapter.c - Ooredoo's entry: who it is, what it can, where its parts are. */
#include "esim/adapter.h"

#include "esim/capability.h"
#include "esim/entry.h"
#include "esim/exchange.h"
#include "flows.h"
#include "settings.h"
#include "wire_xml.h"

enum { OOREDOO_STATE = 1, START_FAILED = 1 };

static const struct esim_about about ESIM_SECTION = {
    .magic = ESIM_MAGIC,
    .size = sizeof(struct esim_about),
    .abi = ESIM_ABI,
    .name = "ooredoo",
    .version = "1.0.0",
    .summary = "Ooredoo: profiles, lines and usage over SOAP 1.1 and 1.2 with "
               "WS-Security",
    .state_oldest = OOREDOO_STATE,
    .state_newest = OOREDOO_STATE,
    .capabilities = { ESIM_PROFILE_ORDER, ESIM_PROFILE_CONFIRM, ESIM_PROFILE_CANCEL,
                      ESIM_PROFILE_STATUS, ESIM_LINE_ACTIVATE, ESIM_LINE_SUSPEND,
                      ESIM_LINE_RESUME, ESIM_LINE_TERMINATE, ESIM_USAGE_READ },
    .abilities = { ESIM_ABILITY_FLOWS, ESIM_ABILITY_CHECK },
};

static const struct esim_flow flow_rows[] = {
    ESIM_FLOW(ESIM_PROFILE_ORDER, order_step),
    ESIM_FLOW(ESIM_PROFILE_CONFIRM, change_step),
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

static int32_t start(const struct esim_host *given)
{
    int32_t refused = esim_helper_start(given);
    return refused != 0 ? refused : xml_start() ? 0 : START_FAILED;
}

static const struct esim_problem *settings_problem(struct esim_bytes settings_json)
{
    return esim_settings_problem(settings_json, soap_settings_check);
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
    .start = start,
    .ability = ability_of,
};
