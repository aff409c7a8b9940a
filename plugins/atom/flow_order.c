/* profile.order is downloadOrder (SGP.22 5.3.1).
 *
 * By profile type each call takes one more profile out of the stock: ONCE. With an
 * ICCID a second call cannot take anything further: it takes that ICCID, or says that
 * it is taken (8.2.1/3.3). */
#include <string.h>

#include "call.h"
#include "flows.h"

static esim_repeat repeat_of(const json_t *input)
{
    return esim_json_text(input, "iccid") != NULL ? ESIM_IDEMPOTENT : ESIM_ONCE;
}

static bool put_profile_type(const struct call *call, json_t *body, bool required)
{
    const char *type = esim_json_text(call->talk->input, "profile_type");
    if (type == NULL && required)
        type = call->settings.profile_type;
    if (type == NULL && required) {
        esim_refused(call->talk, "profile_type_missing", NULL,
                     "Name an ICCID or a profile type, in the order or in the setting "
                     "profile_type.");
        return false;
    }
    esim_json_put(body, "profileType", type);
    return true;
}

static void ask(struct esim_talk *talk)
{
    struct call call = call_of(talk, ES2_DOWNLOAD_ORDER, repeat_of(talk->input));
    json_t *body = call_body(&call);
    const char *eid = NULL;
    const char *iccid = NULL;
    if (call_put_eid(&call, body, &eid) && call_put_iccid(&call, body, false, &iccid) &&
        put_profile_type(&call, body, iccid == NULL))
        call_ask(&call, body);
}

static void finish(const struct call *call, const char *iccid)
{
    const char *eid = esim_json_text(call->talk->input, "eid");
    bool is_linked = eid != NULL && eid[0] != '\0';
    json_t *result = json_object();
    esim_json_put(result, "iccid", iccid);
    if (is_linked)
        esim_json_put(result, "eid", eid);
    esim_json_put(result, "state", is_linked ? "Linked" : "Allocated");
    esim_done(call->talk, result);
}

static void tell(struct esim_talk *talk)
{
    struct call call = call_of(talk, ES2_DOWNLOAD_ORDER, repeat_of(talk->input));
    json_t *body = NULL;
    if (!call_executed(&call, &body))
        return;
    const char *ours = es2_iccid_read(esim_json_text(talk->input, "iccid"));
    const char *theirs = es2_iccid_read(
        es2_text(body, "iccid", call.settings.tolerate_numbers));
    if (ours == NULL && theirs == NULL)
        esim_unknown(talk, "iccid_missing", NULL,
                     "The carrier took a profile and did not say which: ask it for the "
                     "ICCID of this request's id, and have it cancelled.");
    else if (ours != NULL && theirs != NULL && strcmp(ours, theirs) != 0)
        esim_unknown(
            talk, "iccid_differs", NULL,
            "The carrier took another ICCID than the one ordered: ask it which "
            "of the two is in use, and have the other one freed.");
    else
        finish(&call, ours != NULL ? ours : theirs);
}

static void ask_after_loss(struct esim_talk *talk)
{
    call_nobody_knows(talk, ES2_DOWNLOAD_ORDER);
}

static const struct esim_exchange by_profile_type[] = {
    { "downloadOrder", ESIM_ONCE, ask, tell, "afterLoss" },
    { "afterLoss", ESIM_SAFE, ask_after_loss, NULL, NULL },
};
static const struct esim_exchange by_iccid[] = {
    { "downloadOrder", ESIM_IDEMPOTENT, ask, tell, NULL },
};

void order_step(const struct esim_step *step, struct esim_answer *answer)
{
    if (repeat_of(esim_json_read(step->input)) == ESIM_ONCE)
        esim_exchange_step(by_profile_type, 2, step, answer);
    else
        esim_exchange_step(by_iccid, 1, step, answer);
}
