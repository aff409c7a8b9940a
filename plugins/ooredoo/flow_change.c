/* profile.confirm, profile.cancel and the four of a line: one exchange each.
 *
 * In the contract that we publish a repeated requestId has no further effect, so they
 * are IDEMPOTENT there; in a contract of the operator's own they are ONCE unless it says
 * otherwise. */
#include <string.h>

#include "ends.h"
#include "esim/capability.h"
#include "flows.h"
#include "result.h"

struct change {
    const char *capability;
    const char *line_state; /* Confirmed by success itself; NULL: not about a line. */
    void (*finish)(const struct call *call, const struct call_answer *answer);
};

/* ---- how each ends well ---- */

static void finish_confirm(const struct call *call, const struct call_answer *answer)
{
    struct esim_talk *talk = call->talk;
    json_t *result = json_object();
    result_put_profile(result, answer->fields, talk->settings, &call->settings);
    bool has_code = json_object_get(result, "matching_id") != NULL ||
                    json_object_get(result, "activation_code") != NULL;
    if (!has_code) /* Then the one that was asked for is the one that holds. */
        esim_json_put(result, "matching_id",
                      esim_json_text(talk->input, "matching_id"));
    if (json_object_get(result, "matching_id") != NULL || has_code)
        esim_done(talk, result);
    else
        esim_unknown(talk, "matching_id_missing", answer->carrier_code,
                     "The carrier confirmed the profile and gave neither matching id "
                     "nor activation code: ask it for them, or have it cancelled.");
}

static void finish_cancel(const struct call *call, const struct call_answer *answer)
{
    struct esim_talk *talk = call->talk;
    const char *state = result_state(talk->settings,
                                     esim_json_text(answer->fields, "state"));
    json_t *result = json_object();
    esim_json_put(result, "state",
                  state != NULL ? state : esim_json_text(talk->input, "final_state"));
    esim_done(talk, result);
}

static void finish_line(const struct call *call, const struct call_answer *answer);

static const struct change changes[] = {
    { ESIM_PROFILE_CONFIRM, NULL, finish_confirm },
    { ESIM_PROFILE_CANCEL, NULL, finish_cancel },
    { ESIM_LINE_ACTIVATE, "ACTIVE", finish_line },
    { ESIM_LINE_SUSPEND, "SUSPENDED", finish_line },
    { ESIM_LINE_RESUME, "ACTIVE", finish_line },
    { ESIM_LINE_TERMINATE, "DELETED", finish_line },
};

static const struct change *change_of(const struct esim_talk *talk)
{
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        if (esim_is(talk->step->capability, changes[i].capability))
            return &changes[i];
    return NULL; /* Each capability of the descriptor has its row. */
}

static void finish_line(const struct call *call, const struct call_answer *answer)
{
    struct esim_talk *talk = call->talk;
    const char *state = result_line_state(talk->settings,
                                          esim_json_text(answer->fields, "line_state"));
    json_t *result = json_object();
    esim_json_put(result, "line_state",
                  state != NULL ? state : change_of(talk)->line_state);
    if (esim_is(talk->step->capability, ESIM_LINE_ACTIVATE))
        esim_json_put(result, "carrier_ref",
                      esim_json_text(answer->fields, "carrier_ref"));
    esim_done(talk, result);
}

/* ---- the exchange ---- */

static void ask(struct esim_talk *talk)
{
    struct call call = call_of(talk, change_of(talk)->capability);
    call_ask(&call);
}

static void tell(struct esim_talk *talk)
{
    const struct change *change = change_of(talk);
    struct call call = call_of(talk, change->capability);
    struct call_answer answer = call_read(&call);
    enum reaction reaction = reaction_of(&call, CALL_CHANGE, &answer);
    if (reaction == REACT_DONE)
        change->finish(&call, &answer);
    else
        end_by(&call, reaction, &answer);
}

static const struct esim_exchange once[] = {
    { "change", ESIM_ONCE, ask, tell, NULL },
};
static const struct esim_exchange idempotent[] = {
    { "change", ESIM_IDEMPOTENT, ask, tell, NULL },
};

void change_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(call_repeat(step) == ESIM_ONCE ? once : idempotent, 1, step,
                       answer);
}
