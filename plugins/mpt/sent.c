#include "sent.h"

#include <string.h>

#include "machine.h"
#include "outgoing.h"

enum { KEPT_LOOK_MS = 500 };

struct sent sent_of(struct esim_talk *talk)
{
    struct sent sent = { .talk = talk, .kind = "" };
    mpt_settings_read(talk->settings, &sent.settings);
    reference_of(talk->step->operation, sent.settings.reference_form, &sent.reference);
    sent.name = esim_string(esim_text(sent.reference.text));
    if (talk->step->event != ESIM_MESSAGE || talk->step->message == NULL)
        return sent;
    sent.message = esim_json_read(talk->step->message->payload);
    const char *kind = esim_json_text(sent.message, "kind");
    sent.kind = kind == NULL ? "" : kind;
    return sent;
}

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

bool sent_is_accepted(const struct sent *sent)
{
    return json_is_array(json_object_get(sent->talk->vars, "ids"));
}

const char *sent_id(const struct sent *sent)
{
    const json_t *ids = json_object_get(sent->talk->vars, "ids");
    return json_string_value(json_array_get(ids, 0));
}

enum smpp_state sent_state(const struct sent *sent)
{
    return (enum smpp_state)number_of(sent->talk->vars, "state");
}

/* ---- what came ---- */

static bool is_of_this_try(const struct sent *sent)
{
    return number_of(sent->message, "try") == number_of(sent->talk->vars, "try");
}

static void end_by_status(struct sent *sent, uint32_t number)
{
    const struct smpp_status *status = smpp_status_of(number);
    const char *code = esim_string(esim_format("%s 0x%08x", status->name, number));
    if (status->meaning == SMPP_SLOWER || status->meaning == SMPP_LATER)
        esim_not_yet(sent->talk, -1, status->code, code, "%s", status->message);
    else
        esim_refused(sent->talk, status->code, code, "%s", status->message);
}

/* One part that was not taken is enough: the rest can never become the message. */
static enum sent_news take_response(struct sent *sent)
{
    const json_t *parts = json_object_get(sent->message, "parts");
    json_t *ids = json_array();
    if (!is_of_this_try(sent))
        return SENT_NOTHING;
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *part = json_array_get(parts, i);
        uint32_t status = (uint32_t)number_of(part, "status");
        if (status != SMPP_ROK) {
            end_by_status(sent, status);
            return SENT_OVER;
        }
        const char *id = esim_json_text(part, "id");
        json_array_append_new(ids, json_string(id == NULL ? "" : id));
    }
    json_object_set_new(sent->talk->vars, "ids", ids);
    return SENT_ACCEPTED;
}

/* A receipt of another operation with the same user_message_reference is no news. */
static bool is_ours(const struct sent *sent)
{
    char name[SMPP_ID_NAME];
    const char *id = esim_json_text(sent->message, "id");
    const json_t *ids = json_object_get(sent->talk->vars, "ids");
    if (id == NULL || json_array_size(ids) == 0)
        return true;
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *ours = json_string_value(json_array_get(ids, i));
        smpp_id_name(esim_text(ours), sent->settings.response_ids, name);
        if (ours[0] == '\0' || strcmp(name, id) == 0)
            return true;
    }
    return false;
}

static enum sent_news take_state(struct sent *sent)
{
    json_int_t state = number_of(sent->message, "state");
    if (state == SMPP_STATE_NONE || !is_ours(sent))
        return SENT_NOTHING;
    const char *id = esim_json_text(sent->message, "id");
    if (id != NULL && !sent_is_accepted(sent)) /* Told of it, so the carrier has it. */
        json_object_set_new(sent->talk->vars, "ids", json_pack("[s]", id));
    json_object_set_new(sent->talk->vars, "state", json_integer(state));
    return SENT_TOLD;
}

static enum sent_news take_query(struct sent *sent)
{
    return is_of_this_try(sent) && number_of(sent->message, "status") == SMPP_ROK
               ? take_state(sent)
               : SENT_NOTHING;
}

/* It may have taken the response's place: the carrier has the message. */
static enum sent_news take_reply(struct sent *sent)
{
    if (!sent_is_accepted(sent))
        json_object_set_new(sent->talk->vars, "ids", json_array());
    return SENT_REPLY;
}

static enum sent_news take_fault(struct sent *sent)
{
    esim_refused(sent->talk, "adapter_bug", NULL,
                 "The session could not read what was to be sent. Tell the adapter's "
                 "author.");
    return SENT_OVER;
}

/* clang-format off */
static const struct {
    const char *kind;
    enum sent_news (*take)(struct sent *sent);
} kinds[] = {
    { "response", take_response },
    { "receipt",  take_state },
    { "reply",    take_reply },
    { "state",    take_query },
    { "fault",    take_fault },
};
/* clang-format on */

enum sent_news sent_news(struct sent *sent)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].kind, sent->kind) == 0)
            return kinds[i].take(sent);
    return SENT_NOTHING;
}

/* ---- waiting and asking ---- */

void sent_await(struct sent *sent, const char *key, int64_t wait_ms)
{
    json_t *vars = sent->talk->vars;
    if (json_object_get(vars, "until") == NULL)
        json_object_set_new(vars, "until",
                            json_integer(sent->talk->step->now_ms + wait_ms));
    esim_await(sent->talk, key, number_of(vars, "until"));
}

void sent_wait_again(struct sent *sent)
{
    json_object_del(sent->talk->vars, "until");
}

void sent_await_receipt(struct sent *sent)
{
    char name[SMPP_ID_NAME];
    smpp_id_name(esim_text(sent_id(sent)), sent->settings.response_ids, name);
    esim_await(sent->talk, esim_string(mpt_receipt_key(name)),
               sent->talk->step->now_ms + KEPT_LOOK_MS);
}

void sent_query(struct sent *sent)
{
    struct esim_bytes payload;
    const char *key = esim_string(esim_format("q%s", sent->name));
    uint32_t attempt = (uint32_t)number_of(sent->talk->vars, "try");
    if (!outgoing_query(&sent->settings, sent_id(sent), attempt, &payload))
        esim_unknown(sent->talk, "memory", NULL,
                     "The question for the message could not be written. Ask the "
                     "carrier, then decide.");
    else
        esim_send_to(sent->talk, MPT_SESSION, key, payload,
                     (uint32_t)sent->settings.submit_ms);
}
