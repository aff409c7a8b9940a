/* profile.confirm is confirmOrder (SGP.22 5.3.2); its result is the activation code.
 *
 * When the SM-DP+ makes the matching id, only its reply tells it: a lost one must not
 * be asked again blindly, the second answer would be an error without the id: ONCE.
 * When we name the matching id, the same request leads to the same code: IDEMPOTENT. An
 * SM-DS event is registered anew by each call: ONCE again. */
#include "call.h"
#include "flows.h"
#include "wire_code.h"

static esim_repeat repeat_of(const json_t *input)
{
    bool has_id = esim_json_text(input, "matching_id") != NULL;
    bool has_smds = esim_json_text(input, "smds_address") != NULL;
    return has_id && !has_smds ? ESIM_IDEMPOTENT : ESIM_ONCE;
}

static bool is_released(const struct esim_talk *talk)
{
    return json_is_true(json_object_get(talk->input, "release"));
}

/* SGP.22 5.3.2: no zero-length matching id with an SM-DS, and none without an EID. The
 * EID may also have come with the order, so only the first is ours to refuse. */
static bool put_smds(const struct call *call, json_t *body, const char *matching_id)
{
    const char *address = esim_json_text(call->talk->input, "smds_address");
    if (address != NULL && matching_id != NULL && matching_id[0] == '\0') {
        esim_refused(call->talk, "matching_id_wrong", NULL,
                     "With an SM-DS the matching id must not be empty.");
        return false;
    }
    esim_json_put(body, "smdsAddress", address);
    return true;
}

static void ask(struct esim_talk *talk)
{
    struct call call = call_of(talk, ES2_CONFIRM_ORDER, repeat_of(talk->input));
    json_t *body = call_body(&call);
    const char *iccid = NULL;
    const char *eid = NULL;
    const char *matching_id = NULL;
    if (!call_put_iccid(&call, body, true, &iccid) ||
        !call_put_eid(&call, body, &eid) ||
        !call_put_matching_id(&call, body, &matching_id))
        return;
    esim_json_put(body, "confirmationCode",
                  esim_json_text(talk->input, "confirmation_code"));
    if (!put_smds(&call, body, matching_id))
        return;
    json_object_set_new(body, "releaseFlag", json_boolean(is_released(talk)));
    call_ask(&call, body);
}

static const char *first_of(const char *a, const char *b)
{
    return a != NULL && a[0] != '\0' ? a : b;
}

/* The order is confirmed, but its code cannot be made: a person must act. */
static void end_without_code(const struct call *call, const char *code,
                             const char *message)
{
    esim_unknown(call->talk, code, NULL, "The order was confirmed, but %s", message);
}

static void finish(const struct call *call, const json_t *body,
                   const struct activation_code *code, const char *text)
{
    const json_t *input = call->talk->input;
    json_t *result = json_object();
    esim_json_put(result, "matching_id", code->matching_id);
    esim_json_put(result, "smdp_address", code->address);
    esim_json_put(result, "eid",
                  first_of(esim_json_text(body, "eid"), esim_json_text(input, "eid")));
    esim_json_put(result, "activation_code", text);
    esim_json_put(result, "state", is_released(call->talk) ? "Released" : "Confirmed");
    esim_done(call->talk, result);
}

static void tell(struct esim_talk *talk)
{
    struct call call = call_of(talk, ES2_CONFIRM_ORDER, repeat_of(talk->input));
    const struct es2_settings *settings = &call.settings;
    json_t *body = NULL;
    if (!call_executed(&call, &body))
        return;
    const char *theirs = es2_text(body, "matchingId", settings->tolerate_numbers);
    const char *confirmation = esim_json_text(talk->input, "confirmation_code");
    struct activation_code code = {
        .matching_id = theirs != NULL ? theirs
                                      : esim_json_text(talk->input, "matching_id"),
        .address = first_of(esim_json_text(body, "smdpAddress"),
                            settings->smdp_address),
        .oid = settings->smdp_oid,
        .needs_confirmation = confirmation != NULL && confirmation[0] != '\0',
        .upper_only = settings->matching_id_upper,
    };
    const char *text = activation_code_write(&code);
    if (code.matching_id == NULL)
        end_without_code(
            &call, "matching_id_missing",
            "the carrier sent no matching id: ask it for the id, or cancel "
            "the order.");
    else if (code.address == NULL)
        end_without_code(&call, "smdp_address_missing",
                         "neither its reply nor the setting smdp_address names the "
                         "SM-DP+: set it, then cancel and reorder.");
    else if (text == NULL)
        end_without_code(&call, "activation_code_wrong",
                         "matching id or SM-DP+ address break the rules of activation "
                         "codes (SGP.22 4.1): tell the carrier, or see the setting "
                         "matching_id_upper.");
    else
        finish(&call, body, &code, text);
}

static void ask_after_loss(struct esim_talk *talk)
{
    call_nobody_knows(talk, ES2_CONFIRM_ORDER);
}

static const struct esim_exchange their_matching_id[] = {
    { "confirmOrder", ESIM_ONCE, ask, tell, "afterLoss" },
    { "afterLoss", ESIM_SAFE, ask_after_loss, NULL, NULL },
};
static const struct esim_exchange our_matching_id[] = {
    { "confirmOrder", ESIM_IDEMPOTENT, ask, tell, NULL },
};

void confirm_step(const struct esim_step *step, struct esim_answer *answer)
{
    if (repeat_of(esim_json_read(step->input)) == ESIM_ONCE)
        esim_exchange_step(their_matching_id, 2, step, answer);
    else
        esim_exchange_step(our_matching_id, 1, step, answer);
}
