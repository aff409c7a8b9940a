/* deliver_sm and data_sm: a receipt of ours, a reply to a command, or neither. What
 * belongs to an operation is delivered first and acknowledged behind that: the carrier
 * forgets a message when it is acknowledged. */
#include <string.h>

#include "esim/exchange.h"
#include "machine.h"

enum { UTF8_FACTOR = 3 };

static struct esim_bytes text_of(struct machine *machine, uint8_t data_coding,
                                 struct esim_bytes octets)
{
    enum smpp_charset charset = smpp_charset_of(data_coding,
                                                &machine->settings.codings);
    size_t room = octets.size * UTF8_FACTOR + 1;
    struct smpp_out out = smpp_out_to(machine_alloc(machine, room), room);
    smpp_decode(charset, octets, &out);
    return smpp_written(&out);
}

/* ---- receipts ---- */

static void keep_receipt(struct machine *machine, const char *id,
                         const struct smpp_receipt *receipt, struct esim_bytes message)
{
    char reference[REFERENCE_SIZE];
    if (join_tells(true, false, receipt->state) &&
        reference_find(receipt->text, machine->settings.reference_form, reference)) {
        machine_deliver(machine, esim_format("%s", reference), message, 0);
        return;
    }
    if (id[0] == '\0') {
        machine_log(machine, ESIM_LOG_WARN,
                    esim_text("a receipt names no message that is known"));
        return;
    }
    join_remember_early(machine, id, receipt);
    machine_deliver(machine, mpt_receipt_key(id), message,
                    machine->settings.receipt_keep_ms);
}

static void take_receipt(struct machine *machine, const struct smpp_receipt *receipt)
{
    char id[SMPP_ID_NAME];
    const struct mpt_settings *settings = &machine->settings;
    smpp_id_name(receipt->id,
                 receipt->id_is_tlv ? settings->response_ids : settings->receipt_ids,
                 id);
    struct esim_bytes message = mpt_receipt_write(id, receipt->state, receipt->error);
    const struct track *track = join_receipt(machine, id, receipt);
    if (track == NULL) {
        keep_receipt(machine, id, receipt, message);
        return;
    }
    if (join_tells(track->expects_reply, track->is_replied, receipt->state))
        machine_deliver(machine, machine_copy(machine, esim_text(track->key)), message,
                        0);
    else if (id[0] != '\0')
        machine_deliver(machine, mpt_receipt_key(id), message,
                        machine->settings.receipt_keep_ms);
    if (smpp_state_is_final(receipt->state))
        join_receipt_is_final(machine, track);
}

/* ---- replies ---- */

static void take_reply(struct machine *machine, const struct smpp_pdu *pdu,
                       struct esim_bytes text)
{
    if (!mpt_may_reply(&machine->settings, pdu->source.text)) {
        machine_log(machine, ESIM_LOG_WARN,
                    esim_text("a message came from an address that no command goes to: "
                              "is reply_from complete?"));
        return;
    }
    struct esim_bytes key = join_reply(machine, pdu, text);
    if (key.size == 0)
        machine_log(
            machine, ESIM_LOG_WARN,
            esim_text("a reply names no operation: compare it with the patterns "
                      "in commands"));
    else
        machine_deliver(machine, key, mpt_reply_write(pdu->source.text, text), 0);
    join_replied(machine, key);
}

void machine_on_deliver(struct machine *machine, const struct smpp_pdu *pdu)
{
    struct esim_bytes octets;
    struct smpp_receipt receipt;
    if (!machine_is_bound(machine)) {
        machine_answer(machine, pdu, SMPP_RINVBNDSTS);
        return;
    }
    if (assembly_add(machine, pdu, &octets)) {
        struct esim_bytes text = text_of(machine, pdu->data_coding, octets);
        bool is_receipt = smpp_is_receipt(pdu);
        if (is_receipt && smpp_receipt_read(pdu, text, &receipt))
            take_receipt(machine, &receipt);
        else if (is_receipt)
            machine_log(machine, ESIM_LOG_WARN, esim_text("a receipt says nothing"));
        else
            take_reply(machine, pdu, text);
    }
    machine_answer(machine, pdu, SMPP_ROK);
}
