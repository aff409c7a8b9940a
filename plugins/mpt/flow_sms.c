/* sms.send: a text to a telephone. The response says that the carrier has it, the receipt
 * what became of it. Without a receipt in time the carrier's word counts. */
#include <string.h>

#include "esim/capability.h"
#include "flows.h"
#include "machine.h"
#include "number.h"
#include "outgoing.h"
#include "sent.h"

static const char *destination_of(const struct sent *sent)
{
    const char *to = esim_json_text(sent->talk->input, "to");
    if (to == NULL)
        to = esim_json_text(sent->talk->input, "msisdn");
    return mpt_number_digits(&sent->settings, to);
}

static void ask_send(struct esim_talk *talk)
{
    struct sent sent = sent_of(talk);
    const char *text = esim_json_text(talk->input, "text");
    struct outgoing outgoing = { .to = destination_of(&sent),
                                 .ton = sent.settings.number_ton,
                                 .npi = sent.settings.number_npi,
                                 .text = esim_text(text),
                                 .reference = sent.reference.number,
                                 .attempt = talk->step->attempt,
                                 .now_ms = talk->step->now_ms };
    struct esim_bytes payload;
    const char *why = NULL;
    if (outgoing.to == NULL) {
        esim_refused(talk, "to_wrong", NULL,
                     "A message needs a telephone number in `to`, or in `msisdn`.");
    } else if (outgoing.text.size == 0) {
        esim_refused(talk, "text_missing", NULL, "A message needs a `text`.");
    } else if (!outgoing_write(&sent.settings, &outgoing, &payload, &why)) {
        esim_refused(talk, "text_wrong", NULL, "%s", why);
    } else {
        json_object_set_new(talk->vars, "try", json_integer(talk->step->attempt));
        esim_send_to(talk, MPT_SESSION, sent.name, payload,
                     (uint32_t)sent.settings.submit_ms);
    }
}

static void finish(struct sent *sent)
{
    enum smpp_state state = sent_state(sent);
    json_t *result = json_object();
    esim_json_put(result, "message_id", sent_id(sent));
    esim_json_put(result, "state",
                  smpp_state_name(state == SMPP_STATE_NONE ? SMPP_ACCEPTED : state));
    esim_done(sent->talk, result);
}

static bool ended_by_state(struct sent *sent)
{
    enum smpp_state state = sent_state(sent);
    if (!smpp_state_is_final(state))
        return false;
    if (state == SMPP_DELIVERED)
        finish(sent);
    else
        esim_refused(sent->talk, "not_delivered", smpp_state_name(state),
                     "The carrier could not deliver the message: is the telephone on, "
                     "and its number right?");
    return true;
}

/* True: the operation has been ended. A delivered message was accepted. */
static bool take(struct sent *sent)
{
    enum sent_news news = sent_news(sent);
    if (news == SENT_OVER)
        return true;
    if (news == SENT_TOLD)
        return ended_by_state(sent);
    bool wants_receipt = sent->settings.receipts == 1 && sent->settings.receipt_ms > 0;
    if (news != SENT_ACCEPTED || wants_receipt)
        return false;
    finish(sent);
    return true;
}

static void tell_send(struct esim_talk *talk)
{
    struct sent sent = sent_of(talk);
    if (!take(&sent))
        esim_go(talk, talk->step->event == ESIM_MESSAGE ? "receipt" : "settle");
}

static void ask_receipt(struct esim_talk *talk)
{
    struct sent sent = sent_of(talk);
    sent_await(&sent, sent.name, sent.settings.receipt_ms);
}

static void ask_settle(struct esim_talk *talk)
{
    enum { LEAST_MS = 30000 };
    struct sent sent = sent_of(talk);
    sent_await(&sent, sent.name,
               sent.settings.receipt_ms > LEAST_MS ? sent.settings.receipt_ms
                                                   : LEAST_MS);
}

static void tell_receipt(struct esim_talk *talk)
{
    struct sent sent = sent_of(talk);
    bool is_settling = talk->query;
    if (take(&sent))
        return;
    if (talk->step->event == ESIM_MESSAGE)
        esim_go(talk, is_settling ? "settle" : "receipt");
    else if (sent_id(&sent) == NULL)
        esim_unknown(talk, "answer_lost", NULL,
                     "Nobody knows whether the carrier got the message. Ask the "
                     "receiver or the carrier, then decide.");
    else if (sent_id(&sent)[0] == '\0')
        finish(&sent);
    else
        esim_go(talk, "kept");
}

static void ask_kept(struct esim_talk *talk)
{
    struct sent sent = sent_of(talk);
    sent_await_receipt(&sent);
}

static void tell_kept(struct esim_talk *talk)
{
    struct sent sent = sent_of(talk);
    if (take(&sent))
        return;
    if (sent.settings.query)
        esim_go(talk, "query");
    else
        finish(&sent);
}

static void ask_query(struct esim_talk *talk)
{
    struct sent sent = sent_of(talk);
    sent_query(&sent);
}

static void tell_query(struct esim_talk *talk)
{
    struct sent sent = sent_of(talk);
    if (!take(&sent))
        finish(&sent);
}

/* clang-format off */
static const struct esim_exchange rows[] = {
    { "send",    ESIM_ONCE, ask_send,    tell_send,    "settle" },
    { "receipt", ESIM_SAFE, ask_receipt, tell_receipt, NULL },
    { "kept",    ESIM_SAFE, ask_kept,    tell_kept,    NULL },
    { "query",   ESIM_SAFE, ask_query,   tell_query,   NULL },
    { "settle",  ESIM_SAFE, ask_settle,  tell_receipt, NULL },
};
/* clang-format on */

void sms_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(rows, sizeof rows / sizeof rows[0], step, answer);
}
