/* profile.cancel is cancelOrder (SGP.22 5.3.3).
 *
 * Back to Available, the ICCID may be taken by somebody's next order before a repeated
 * cancel arrives, which would then cancel that one: ONCE. To Unavailable nobody can
 * take it: IDEMPOTENT. */
#include <string.h>

#include "call.h"
#include "flows.h"

static const char *final_state(const json_t *input)
{
    const char *state = esim_json_text(input, "final_state");
    return state != NULL ? state : "";
}

static esim_repeat repeat_of(const json_t *input)
{
    return strcmp(final_state(input), "Unavailable") == 0 ? ESIM_IDEMPOTENT : ESIM_ONCE;
}

static bool put_final_state(const struct call *call, json_t *body)
{
    const char *state = final_state(call->talk->input);
    if (strcmp(state, "Available") != 0 && strcmp(state, "Unavailable") != 0) {
        esim_refused(call->talk, "final_state_wrong", NULL,
                     "final_state must be \"Available\" or \"Unavailable\".");
        return false;
    }
    esim_json_put(body, "finalProfileStatusIndicator", state);
    return true;
}

static void ask(struct esim_talk *talk)
{
    struct call call = call_of(talk, ES2_CANCEL_ORDER, repeat_of(talk->input));
    json_t *body = call_body(&call);
    const char *iccid = NULL;
    const char *eid = NULL;
    const char *matching_id = NULL;
    if (call_put_iccid(&call, body, true, &iccid) && call_put_eid(&call, body, &eid) &&
        call_put_matching_id(&call, body, &matching_id) && put_final_state(&call, body))
        call_ask(&call, body);
}

static void tell(struct esim_talk *talk)
{
    struct call call = call_of(talk, ES2_CANCEL_ORDER, repeat_of(talk->input));
    json_t *body = NULL;
    if (!call_executed(&call, &body))
        return;
    json_t *result = json_object();
    esim_json_put(result, "state", final_state(talk->input));
    esim_done(talk, result);
}

static void ask_after_loss(struct esim_talk *talk)
{
    call_nobody_knows(talk, ES2_CANCEL_ORDER);
}

static const struct esim_exchange to_available[] = {
    { "cancelOrder", ESIM_ONCE, ask, tell, "afterLoss" },
    { "afterLoss", ESIM_SAFE, ask_after_loss, NULL, NULL },
};
static const struct esim_exchange to_unavailable[] = {
    { "cancelOrder", ESIM_IDEMPOTENT, ask, tell, NULL },
};

void cancel_step(const struct esim_step *step, struct esim_answer *answer)
{
    if (repeat_of(esim_json_read(step->input)) == ESIM_ONCE)
        esim_exchange_step(to_available, 2, step, answer);
    else
        esim_exchange_step(to_unavailable, 1, step, answer);
}
