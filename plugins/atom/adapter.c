/* adapter.c - the ATOM adapter's entry: who it is, what it can, where its parts are. */
#include "esim/adapter.h"

#include "esim/capability.h"
#include "esim/entry.h"
#include "esim/exchange.h"
#include "esim/flow.h"
#include "esim/inbound.h"
#include "flows.h"
#include "inbound.h"
#include "settings.h"

enum { ATOM_STATE = 1 };

static const struct esim_about about ESIM_SECTION = {
    .magic = ESIM_MAGIC,
    .size = sizeof(struct esim_about),
    .abi = ESIM_ABI,
    .name = "atom",
    .version = "1.0.0",
    .summary = "ATOM: eSIM profiles over GSMA SGP.22 ES2+ at the carrier's SM-DP+",
    .state_oldest = ATOM_STATE,
    .state_newest = ATOM_STATE,
    .capabilities = { ESIM_PROFILE_ORDER, ESIM_PROFILE_CONFIRM, ESIM_PROFILE_RELEASE,
                      ESIM_PROFILE_CANCEL },
    .abilities = { ESIM_ABILITY_FLOWS, ESIM_ABILITY_INBOUND, ESIM_ABILITY_CHECK },
};

static const struct esim_flow flow_rows[] = {
    ESIM_FLOW(ESIM_PROFILE_ORDER, order_step),
    ESIM_FLOW(ESIM_PROFILE_CONFIRM, confirm_step),
    ESIM_FLOW(ESIM_PROFILE_RELEASE, release_step),
    ESIM_FLOW(ESIM_PROFILE_CANCEL, cancel_step),
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

static struct esim_header *add_header(struct esim_header *next, const char *name,
                                      const char *value)
{
    if (value == NULL)
        return next;
    *next = (struct esim_header){ esim_text(name), esim_text(value) };
    return next + 1;
}

static void receive(const struct esim_request *request, struct esim_response *response)
{
    enum { HEADERS_MOST = 3 };
    struct inbound inbound;
    inbound_read(request, &inbound);
    struct esim_header *headers = host->alloc(HEADERS_MOST * sizeof *headers);
    struct esim_fact *fact = host->alloc(sizeof *fact);
    if (headers == NULL || fact == NULL) {
        response->status = 503; /* The carrier sends it again. */
        return;
    }
    struct esim_header *end = headers;
    end = add_header(end, "X-Admin-Protocol", inbound.protocol);
    end = add_header(end, "Content-Type", inbound.content_type);
    end = add_header(end, "Allow", inbound.allow);
    *fact = inbound.fact;
    response->status = inbound.status;
    response->headers = headers;
    response->header_count = (uint64_t)(end - headers);
    response->body = inbound.body;
    response->facts = fact;
    response->fact_count = inbound.has_fact ? 1 : 0;
}

static const struct esim_inbound inbound_ability = {
    .size = sizeof inbound_ability,
    .receive = receive,
};

static const struct esim_problem *settings_problem(struct esim_bytes settings_json)
{
    return esim_settings_problem(settings_json, es2_settings_check);
}

static const struct esim_check check_ability = {
    .size = sizeof check_ability,
    .settings = settings_problem,
};

static const struct esim_part parts[] = {
    { ESIM_ABILITY_FLOWS, &flows },
    { ESIM_ABILITY_INBOUND, &inbound_ability },
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
