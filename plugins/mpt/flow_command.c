/* Commands by SMS: line.activate, line.suspend, line.resume, line.terminate and
 * profile.order. The command goes to a short code; the reply comes as a message that
 * names the operation's reference (or the line).
 *
 *   command   submit_sm. ONCE: the carrier acts on what it gets, twice on two.
 *   reply     wait for the reply; receipts say whether the command arrived at all
 *   receipt   none came in time: one may have come before its message was known
 *   query     none: query_sm
 *   last      it is in the network still: wait once more; else a person decides
 *   settle    the response was lost: wait for reply, receipt or late response */
#include <string.h>

#include "esim/capability.h"
#include "flows.h"
#include "machine.h"
#include "number.h"
#include "outgoing.h"
#include "reply.h"
#include "runtime.h"
#include "sent.h"
#include "template.h"

static const char *capability_of(const struct esim_talk *talk)
{
    return esim_string(talk->step->capability);
}

/* ---- the key ---- */

static const char *key_of(const struct sent *sent)
{
    if (!sent->settings.join_by_number)
        return sent->name;
    return mpt_number_key(&sent->settings, esim_json_text(sent->talk->input, "msisdn"));
}

/* ---- the command ---- */

static struct esim_bytes value_of(const void *arg, struct esim_bytes name)
{
    const struct sent *sent = arg;
    const char *key = esim_string(name);
    const char *given = esim_json_text(sent->talk->input, key);
    if (strcmp(key, "ref") == 0)
        return esim_text(sent->name);
    if (strcmp(key, "msisdn") == 0)
        given = mpt_number_write(&sent->settings, given);
    return esim_text(given);
}

/* "eid_missing" */
static const char *input_fault(struct esim_bytes name, const char *how)
{
    return esim_string(esim_format("%s_%s", esim_string(name), how));
}

static bool fill(struct sent *sent, const char *command, struct esim_bytes *ret)
{
    struct esim_bytes name;
    struct smpp_out out = smpp_out_to(mpt_alloc(SMPP_TEXT_MOST), SMPP_TEXT_MOST);
    enum template_fault fault = template_fill(esim_text(command), value_of, sent, &out,
                                              &name);
    *ret = smpp_written(&out);
    if (fault == TEMPLATE_TOO_LONG)
        esim_refused(sent->talk, "command_too_long", NULL,
                     "The command is too long: shorten its text in the settings.");
    else if (fault == TEMPLATE_ABSENT)
        esim_refused(sent->talk, input_fault(name, "missing"), NULL,
                     "The carrier's command needs the %s: give it in the order.",
                     esim_string(name));
    else if (fault == TEMPLATE_UNSAFE)
        esim_refused(sent->talk, input_fault(name, "wrong"), NULL,
                     "The carrier's command takes no white space in the %s: write it "
                     "without.",
                     esim_string(name));
    return fault == TEMPLATE_FINE;
}

/* These say which profile is wanted. A command without a place for them would take
 * another one. */
static bool has_room(const struct sent *sent, const char *command)
{
    static const char *const choices[] = { "iccid", "profile_type" };
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        if (esim_json_text(sent->talk->input, choices[i]) == NULL ||
            template_has(command, choices[i]) ||
            !esim_is(sent->talk->step->capability, ESIM_PROFILE_ORDER))
            continue;
        esim_refused(sent->talk, input_fault(esim_text(choices[i]), "not_taken"), NULL,
                     "This carrier's command has no place for the %s: leave it out, or "
                     "order from a carrier that lets you choose.",
                     choices[i]);
        return false;
    }
    return true;
}

static bool command_of(struct sent *sent, const json_t **ret_command)
{
    const char *capability = capability_of(sent->talk);
    *ret_command = mpt_command(&sent->settings, capability);
    if (*ret_command != NULL && esim_json_text(*ret_command, "text") != NULL &&
        mpt_command_to(&sent->settings, *ret_command) != NULL)
        return true;
    esim_refused(sent->talk, "settings_incomplete", NULL,
                 "Write the carrier's command for %s into the setting commands.",
                 capability);
    return false;
}

static void ask_command(struct esim_talk *talk)
{
    struct sent sent = sent_of(talk);
    const json_t *command = NULL;
    struct outgoing outgoing = { .reference = sent.reference.number,
                                 .ton = sent.settings.command_ton,
                                 .npi = sent.settings.command_npi,
                                 .attempt = talk->step->attempt,
                                 .now_ms = talk->step->now_ms,
                                 .expects_reply = true };
    struct esim_bytes payload;
    const char *why = NULL;
    if (!command_of(&sent, &command) ||
        !has_room(&sent, esim_json_text(command, "text")) ||
        !fill(&sent, esim_json_text(command, "text"), &outgoing.text))
        return;
    outgoing.to = mpt_command_to(&sent.settings, command);
    if (key_of(&sent)[0] == '\0') {
        esim_refused(talk, "msisdn_missing", NULL,
                     "This carrier's replies name the line: give its msisdn.");
    } else if (!outgoing_write(&sent.settings, &outgoing, &payload, &why)) {
        esim_refused(talk, "text_wrong", NULL, "%s", why);
    } else {
        json_object_set_new(talk->vars, "try", json_integer(talk->step->attempt));
        esim_send_to(talk, MPT_SESSION, key_of(&sent), payload,
                     (uint32_t)sent.settings.submit_ms);
    }
}

/* ---- what came ---- */

/* A command that did not arrive did nothing. */
static bool ended_by_state(struct sent *sent)
{
    enum smpp_state state = sent_state(sent);
    const char *name = smpp_state_name(state);
    if (state == SMPP_EXPIRED || state == SMPP_UNDELIVERABLE)
        esim_not_yet(sent->talk, -1, "not_delivered", name,
                     "The command did not reach the carrier's platform; it is sent "
                     "again.");
    else if (state == SMPP_DELETED || state == SMPP_REJECTED)
        esim_refused(sent->talk, "not_delivered", name,
                     "The carrier threw the command away: ask it why.");
    else
        return false;
    return true;
}

/* True: the operation has been ended. */
static bool take(struct sent *sent)
{
    switch (sent_news(sent)) {
    case SENT_OVER:
        return true;
    case SENT_TOLD:
        return ended_by_state(sent);
    case SENT_REPLY:
        return reply_ends(sent->talk, &sent->settings, &sent->reference, sent->message);
    case SENT_NOTHING:
    case SENT_ACCEPTED:
        break;
    }
    return false;
}

static bool is_message(const struct esim_talk *talk)
{
    return talk->step->event == ESIM_MESSAGE;
}

static void tell_command(struct esim_talk *talk)
{
    struct sent sent = sent_of(talk);
    if (!take(&sent))
        esim_go(talk, is_message(talk) ? "reply" : "settle");
}

/* ---- waiting ---- */

static void ask_reply(struct esim_talk *talk)
{
    struct sent sent = sent_of(talk);
    sent_await(&sent, key_of(&sent), sent.settings.reply_ms);
}

static void end_unanswered(struct sent *sent)
{
    if (sent_is_accepted(sent))
        esim_unknown(sent->talk, "no_reply", smpp_state_name(sent_state(sent)),
                     "The carrier took the command and did not reply. Ask it whether "
                     "the command with reference %s was carried out, then decide.",
                     sent->name);
    else
        esim_unknown(sent->talk, "answer_lost", NULL,
                     "Nobody knows whether the carrier got the command with reference "
                     "%s. Ask it, then decide.",
                     sent->name);
}

/* What can still be found out, by what is known. */
static void go_on(struct sent *sent)
{
    bool has_id = sent_id(sent) != NULL && sent_id(sent)[0] != '\0';
    if (!has_id)
        end_unanswered(sent);
    else if (smpp_state_is_final(sent_state(sent)))
        esim_go(sent->talk, "last");
    else
        esim_go(sent->talk, sent->settings.receipts != 0 ? "receipt" : "query");
}

static void tell_reply(struct esim_talk *talk)
{
    struct sent sent = sent_of(talk);
    if (take(&sent))
        return;
    if (is_message(talk)) {
        esim_go(talk, "reply");
        return;
    }
    sent_wait_again(&sent);
    go_on(&sent);
}

static void ask_receipt(struct esim_talk *talk)
{
    struct sent sent = sent_of(talk);
    sent_await_receipt(&sent);
}

static void tell_receipt(struct esim_talk *talk)
{
    struct sent sent = sent_of(talk);
    if (take(&sent))
        return;
    bool is_known = smpp_state_is_final(sent_state(&sent));
    esim_go(talk, is_known || !sent.settings.query ? "last" : "query");
}

static void ask_query(struct esim_talk *talk)
{
    struct sent sent = sent_of(talk);
    if (sent.settings.query)
        sent_query(&sent);
    else
        esim_go(talk, "last");
}

static void tell_query(struct esim_talk *talk)
{
    struct sent sent = sent_of(talk);
    if (!take(&sent))
        esim_go(talk, "last");
}

/* A reply that came while we asked is taken; where the command is still under way, or
 * came late, another full wait is worth it. */
static void ask_last(struct esim_talk *talk)
{
    enum { KEPT_LOOK_MS = 1000 };
    struct sent sent = sent_of(talk);
    enum smpp_state state = sent_state(&sent);
    bool under_way = state == SMPP_ENROUTE || state == SMPP_ACCEPTED;
    sent_await(&sent, key_of(&sent), under_way ? sent.settings.reply_ms : KEPT_LOOK_MS);
}

static void tell_last(struct esim_talk *talk)
{
    struct sent sent = sent_of(talk);
    if (take(&sent))
        return;
    if (is_message(talk))
        esim_go(talk, "last");
    else
        end_unanswered(&sent);
}

/* clang-format off */
static const struct esim_exchange rows[] = {
    { "command", ESIM_ONCE, ask_command, tell_command, "settle" },
    { "reply",   ESIM_SAFE, ask_reply,   tell_reply,   NULL },
    { "receipt", ESIM_SAFE, ask_receipt, tell_receipt, NULL },
    { "query",   ESIM_SAFE, ask_query,   tell_query,   NULL },
    { "last",    ESIM_SAFE, ask_last,    tell_last,    NULL },
    { "settle",  ESIM_SAFE, ask_reply,   tell_reply,   NULL },
};
/* clang-format on */

void command_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(rows, sizeof rows / sizeof rows[0], step, answer);
}
