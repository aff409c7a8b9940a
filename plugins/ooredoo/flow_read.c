/* profile.status and usage.read: one SAFE exchange each. */
#include <string.h>

#include "ends.h"
#include "esim/capability.h"
#include "flows.h"
#include "result.h"

static struct call read_call(struct esim_talk *talk)
{
    return call_of(talk, esim_string(talk->step->capability));
}

static void ask(struct esim_talk *talk)
{
    struct call call = read_call(talk);
    call_ask(&call);
}

/* An answer whose content does not fit stays wrong however often it is asked for. */
static void refuse_content(const struct call *call, const struct call_answer *answer,
                           const char *what)
{
    esim_refused(call->talk, "result_wrong", answer->carrier_code,
                 "The carrier's answer has no %s that can be read: compare the "
                 "operation's result with its document.",
                 what);
}

static void finish_status(const struct call *call, const struct call_answer *answer)
{
    json_t *result = json_object();
    result_put_profile(result, answer->fields, call->talk->settings, &call->settings);
    if (json_object_get(result, "state") == NULL) {
        refuse_content(call, answer, "state");
        return;
    }
    /* Codes belong to the order that made them, not to whoever asks for a state. */
    json_object_del(result, "matching_id");
    json_object_del(result, "activation_code");
    json_object_del(result, "smdp_address");
    esim_done(call->talk, result);
}

static void finish_usage(const struct call *call, const struct call_answer *answer)
{
    json_t *records = json_array();
    json_t *result = json_object();
    size_t at = 0;
    json_t *fields = NULL;
    json_array_foreach(answer->records, at, fields)
    {
        json_t *record = result_record(fields);
        if (record == NULL) {
            refuse_content(call, answer, "record");
            return;
        }
        json_array_append_new(records, record);
    }
    json_object_set_new(result, "records", records);
    esim_done(call->talk, result);
}

static void tell(struct esim_talk *talk)
{
    struct call call = read_call(talk);
    struct call_answer answer = call_read(&call);
    enum reaction reaction = reaction_of(&call, CALL_READ, &answer);
    if (reaction != REACT_DONE)
        end_by(&call, reaction, &answer);
    else if (esim_is(talk->step->capability, ESIM_USAGE_READ))
        finish_usage(&call, &answer);
    else
        finish_status(&call, &answer);
}

static const struct esim_exchange rows[] = {
    { "read", ESIM_SAFE, ask, tell, NULL },
};

void read_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(rows, sizeof rows / sizeof rows[0], step, answer);
}
