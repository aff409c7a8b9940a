/* An adapter that ends at once, as the order's plan says, for tests of what lies above:
 *   "hold"    nobody can tell whether it happened
 *   "refuse"  the carrier says no
 *   "later"   not now, ask again in an hour
 *   else      done, with an activation code
 * profile.status gives none.
 * Callbacks are answered 200 with the path and a field that must not pass; "/crash" kills
 * the cell. */
#include <string.h>

#include "esim/capability.h"
#include "esim/exchange.h"
#include "esim/inbound.h"

static bool is_plan(const struct esim_talk *talk, const char *name)
{
    const char *plan = esim_json_text(talk->input, "plan");
    return plan != NULL && strcmp(plan, name) == 0;
}

static void ask(struct esim_talk *talk)
{
    const char *iccid = esim_json_text(talk->input, "iccid");
    if (is_plan(talk, "hold")) {
        esim_unknown(talk, "silence", NULL, "No answer came. Ask the carrier.");
    } else if (is_plan(talk, "refuse")) {
        esim_refused(talk, "no", NULL, "The carrier does not want to.");
    } else if (is_plan(talk, "later")) {
        esim_not_yet(talk, talk->step->now_ms + 3600000, "busy", NULL, "Busy.");
    } else {
        json_t *result = json_object();
        esim_json_put(result, "iccid", iccid == NULL ? "8995010000000000001" : iccid);
        esim_json_put(result, "activation_code",
                      "1$smdp.example.net$CANARY-MATCH-4711");
        esim_done(talk, result);
    }
}

static void tell(struct esim_talk *talk)
{
    esim_done(talk, json_object());
}

static void ask_status(struct esim_talk *talk)
{
    esim_done(talk, json_object());
}

static const struct esim_exchange status_rows[] = { { "status", ESIM_SAFE, ask_status,
                                                      tell, NULL } };
static const struct esim_exchange rows[] = { { "at_once", ESIM_SAFE, ask, tell,
                                               NULL } };

static void step(const struct esim_step *given, struct esim_answer *answer)
{
    esim_exchange_step(rows, sizeof rows / sizeof rows[0], given, answer);
}

static void status_step(const struct esim_step *given, struct esim_answer *answer)
{
    esim_exchange_step(status_rows, 1, given, answer);
}

static void receive(const struct esim_request *request, struct esim_response *response)
{
    static const struct esim_header headers[] = {
        { { "Content-Type", 12 }, { "text/x-carrier", 14 } },
        { { "Set-Cookie", 10 }, { "a=b", 3 } },
    };
    if (request->path.size == 6 && memcmp(request->path.ptr, "/crash", 6) == 0)
        __builtin_trap();
    response->status = 200;
    response->body = request->path;
    response->headers = headers;
    response->header_count = 2;
}

ESIM_SECTION static const struct esim_about about = {
    .magic = ESIM_MAGIC,
    .size = sizeof about,
    .abi = ESIM_ABI,
    .name = "instant",
    .version = "1.0.0",
    .summary = "Ends at once.",
    .state_oldest = 1,
    .state_newest = 1,
    .capabilities = { ESIM_PROFILE_ORDER, ESIM_PROFILE_CANCEL, ESIM_PROFILE_STATUS },
    .abilities = { ESIM_ABILITY_FLOWS, ESIM_ABILITY_INBOUND },
};

#define FLOW(name, function)                                                       \
    {                                                                              \
        .size = sizeof(struct esim_flow), .capability = (name), .step = (function) \
    }
static const struct esim_flow list[] = { FLOW(ESIM_PROFILE_ORDER, step),
                                         FLOW(ESIM_PROFILE_CANCEL, step),
                                         FLOW(ESIM_PROFILE_STATUS, status_step) };
static const struct esim_flows flows = { sizeof flows, sizeof list / sizeof list[0],
                                         list };
static const struct esim_inbound inbound = { sizeof inbound, receive };

static const void *ability(const char *id)
{
    if (strcmp(id, ESIM_ABILITY_FLOWS) == 0)
        return &flows;
    return strcmp(id, ESIM_ABILITY_INBOUND) == 0 ? &inbound : NULL;
}

const struct esim_entry esim_entry = {
    .size = sizeof esim_entry,
    .abi = ESIM_ABI,
    .about = &about,
    .start = esim_helper_start,
    .ability = ability,
};
