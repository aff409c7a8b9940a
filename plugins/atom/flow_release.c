/* profile.release is releaseProfile (SGP.22 5.3.4): a released profile stays released.
 *
 * The standard contradicts itself on a second call: the note under Table 32 wants
 * success, the steps want 8.2.1/3.5. Both are taken as "done" after an own earlier try;
 * on a first try 3.5 is a real error. */
#include "call.h"
#include "flows.h"

static void ask(struct esim_talk *talk)
{
    struct call call = call_of(talk, ES2_RELEASE_PROFILE, ESIM_IDEMPOTENT);
    json_t *body = call_body(&call);
    const char *iccid = NULL;
    if (call_put_iccid(&call, body, true, &iccid))
        call_ask(&call, body);
}

static void tell(struct esim_talk *talk)
{
    struct call call = call_of(talk, ES2_RELEASE_PROFILE, ESIM_IDEMPOTENT);
    json_t *body = NULL;
    if (!call_executed(&call, &body))
        return;
    json_t *result = json_object();
    esim_json_put(result, "state", "Released");
    esim_done(talk, result);
}

static const struct esim_exchange table[] = {
    { "releaseProfile", ESIM_IDEMPOTENT, ask, tell, NULL },
};

void release_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(table, 1, step, answer);
}
