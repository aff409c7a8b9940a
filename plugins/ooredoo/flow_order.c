/* profile.order, and how a lost order is found again.
 *
 * An order takes a profile out of the carrier's stock: ONCE, unless the settings say
 * that the carrier knows a repeated reference. When its answer is lost, some time is
 * given to what may still be under way, then the carrier is asked for the order by our
 * reference. Only its clear word that there is none leads to a second order. */
#include <string.h>

#include "ends.h"
#include "esim/capability.h"
#include "flows.h"
#include "result.h"

#define TRIES "tries" /* Variable: questions asked so far. */

/* ---- the order's end ---- */

static bool is_dead(const char *state)
{
    return state != NULL &&
           (strcmp(state, "Error") == 0 || strcmp(state, "Unavailable") == 0);
}

static void finish(const struct call *call, const struct call_answer *answer)
{
    struct esim_talk *talk = call->talk;
    const char *ours = result_iccid(esim_json_text(talk->input, "iccid"));
    const char *theirs = result_iccid(esim_json_text(answer->fields, "iccid"));
    json_t *result = json_object();
    result_put_profile(result, answer->fields, talk->settings, &call->settings);
    if (theirs == NULL)
        esim_unknown(talk, "iccid_missing", answer->carrier_code,
                     "The carrier took a profile and did not say which: ask it for the "
                     "ICCID of this order's reference, and have it cancelled.");
    else if (ours != NULL && strcmp(ours, theirs) != 0)
        esim_unknown(
            talk, "iccid_differs", answer->carrier_code,
            "The carrier took another ICCID than the one ordered: ask it which "
            "of the two is in use, and have the other one freed.");
    else if (is_dead(esim_json_text(result, "state")))
        esim_refused(talk, "order_failed", answer->carrier_code,
                     "The carrier has the order, and it failed there: order again.");
    else {
        esim_json_put(result, "iccid", theirs);
        esim_done(talk, result);
    }
}

/* ---- the order ---- */

static void order_ask(struct esim_talk *talk)
{
    struct call call = call_of(talk, ESIM_PROFILE_ORDER);
    call_ask(&call);
}

static void order_tell(struct esim_talk *talk)
{
    struct call call = call_of(talk, ESIM_PROFILE_ORDER);
    struct call_answer answer = call_read(&call);
    enum reaction reaction = reaction_of(&call, CALL_ORDER, &answer);
    if (reaction == REACT_DONE)
        finish(&call, &answer);
    else if (reaction == REACT_FIND)
        esim_go(talk, "settle");
    else
        end_by(&call, reaction, &answer);
}

/* ---- the question ---- */

static json_int_t tries_of(const struct esim_talk *talk)
{
    return json_integer_value(json_object_get(talk->vars, TRIES));
}

/* Doubles from settle_ms with each question, up to five minutes. */
static int64_t wait_ms(const struct call *call)
{
    enum { MOST_MS = 300000 };
    int64_t ms = call->settings.settle_ms;
    for (json_int_t i = tries_of(call->talk); i > 0 && ms < MOST_MS; i--)
        ms *= 2;
    return ms < MOST_MS ? ms : MOST_MS;
}

static void settle_ask(struct esim_talk *talk)
{
    struct call call = call_of(talk, PROFILE_FIND);
    if (!call.is_configured)
        esim_unknown(talk, "no_query", NULL,
                     "The answer to the order was lost, and the setting operations has "
                     "no profile.find: ask the carrier for this order's reference, "
                     "then accept or cancel the order.");
    else if (tries_of(talk) >= call.settings.find_tries)
        esim_unknown(talk, "order_not_found_out", NULL,
                     "The answer to the order was lost, and the carrier's answers to "
                     "the question for it say nothing: ask the carrier for this "
                     "order's reference, then accept or cancel the order.");
    else
        esim_wait(talk, talk->step->now_ms + wait_ms(&call));
}

static void settle_tell(struct esim_talk *talk)
{
    json_object_set_new(talk->vars, TRIES, json_integer(tries_of(talk) + 1));
    esim_go(talk, "find");
}

static void find_ask(struct esim_talk *talk)
{
    struct call call = call_of(talk, PROFILE_FIND);
    call_ask(&call);
}

static void find_tell(struct esim_talk *talk)
{
    struct call call = call_of(talk, PROFILE_FIND);
    struct call_answer answer = call_read(&call);
    enum reaction reaction = reaction_of(&call, CALL_FIND, &answer);
    if (reaction == REACT_DONE)
        finish(&call, &answer);
    else if (reaction == REACT_LATER)
        esim_go(talk, "settle");
    else if (reaction == REACT_NOT_YET)
        esim_not_yet(talk, -1, "order_not_there", answer.carrier_code,
                     "The carrier has no order with this reference: it is sent again.");
    else
        end_by(&call, reaction, &answer);
}

#define QUESTION                                            \
    { "settle", ESIM_SAFE, settle_ask, settle_tell, NULL }, \
    {                                                       \
        "find", ESIM_SAFE, find_ask, find_tell, NULL        \
    }

static const struct esim_exchange once[] = {
    { "order", ESIM_ONCE, order_ask, order_tell, "settle" },
    QUESTION,
};
static const struct esim_exchange idempotent[] = {
    { "order", ESIM_IDEMPOTENT, order_ask, order_tell, NULL },
    QUESTION,
};

void order_step(const struct esim_step *step, struct esim_answer *answer)
{
    bool is_once = call_repeat(step) == ESIM_ONCE;
    esim_exchange_step(is_once ? once : idempotent, sizeof once / sizeof once[0], step,
                       answer);
}
