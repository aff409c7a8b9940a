#include "outgoing.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "runtime.h"

enum {
    BODY_ROOM = SMPP_TEXT_MOST + 512,
    SUBMIT_ROOM = SMPP_PARTS_MOST * 512 + BODY_ROOM
};
enum { VALIDITY_SIZE = 17 };

/* 7.1.1: a relative time, here without years and months; or UTC, which is no quarters of
 * an hour ahead of itself. */
static bool write_validity(const struct mpt_settings *settings, int64_t now_ms,
                           char ret[VALIDITY_SIZE])
{
    int64_t seconds = settings->validity_s;
    time_t end_s = (time_t)(now_ms / 1000 + seconds);
    struct tm end;
    if (settings->validity_is_absolute)
        return gmtime_r(&end_s, &end) != NULL &&
               strftime(ret, VALIDITY_SIZE, "%y%m%d%H%M%S000+", &end) ==
                   VALIDITY_SIZE - 1;
    int size = snprintf(ret, VALIDITY_SIZE, "0000%02d%02d%02d%02d000R",
                        (int)(seconds / 86400 % 100), (int)(seconds / 3600 % 24),
                        (int)(seconds / 60 % 60), (int)(seconds % 60));
    return size == VALIDITY_SIZE - 1;
}

static struct esim_bytes text_of(const char *text)
{
    return (struct esim_bytes){ text, strlen(text) };
}

/* ---- the alphabet ---- */

struct chosen {
    enum smpp_charset charset;
    uint8_t data_coding;
};

/* What data_coding 0 means is the carrier's; where it will do it is the shortest. */
static bool choose(const struct mpt_settings *settings, struct esim_bytes text,
                   struct smpp_split *split, struct chosen *ret)
{
    const struct smpp_codings *codings = &settings->codings;
    enum smpp_charset first = settings->charset_auto ? codings->zero
                                                     : settings->charset;
    *ret = (struct chosen){ first, settings->charset_auto
                                       ? 0
                                       : smpp_coding_of(first, codings) };
    if (smpp_split_text(first, settings->way, text, split))
        return true;
    *ret = (struct chosen){ SMPP_UCS2, smpp_coding_of(SMPP_UCS2, codings) };
    return settings->charset_auto &&
           smpp_split_text(SMPP_UCS2, settings->way, text, split);
}

/* ---- one part ---- */

struct part_out {
    const struct mpt_settings *settings;
    const struct outgoing *outgoing;
    const struct smpp_split *split;
    struct chosen chosen;
    size_t at;
};

static bool has_udh(const struct part_out *part)
{
    return part->split->count > 1 && part->settings->way == SMPP_BY_UDH;
}

static void write_octets(const struct part_out *part, struct smpp_out *out)
{
    const struct smpp_part *cut = &part->split->parts[part->at];
    struct esim_bytes octets = { (const char *)part->split->octets + cut->start,
                                 cut->size };
    if (has_udh(part))
        smpp_udh_write(out, (uint8_t)part->outgoing->reference,
                       (uint8_t)part->split->count, (uint8_t)(part->at + 1));
    if (part->chosen.charset == SMPP_GSM7_PACKED)
        smpp_pack(octets, out->size == 0 ? 0 : smpp_udh_fill_bits(out->size), out);
    else
        smpp_put_run(out, octets);
}

struct tlv_octets {
    uint8_t reference[2], total, number;
};

static void add_tlvs(const struct part_out *part, struct tlv_octets *octets,
                     struct smpp_pdu *pdu)
{
    uint16_t reference = part->outgoing->reference;
    *octets = (struct tlv_octets){ { (uint8_t)(reference >> 8), (uint8_t)reference },
                                   (uint8_t)part->split->count,
                                   (uint8_t)(part->at + 1) };
    struct esim_bytes pair = { (const char *)octets->reference, 2 };
    if (part->settings->user_reference)
        smpp_tlv_add(pdu, SMPP_TAG_USER_REFERENCE, pair);
    if (part->split->count < 2 || part->settings->way != SMPP_BY_SAR)
        return;
    smpp_tlv_add(pdu, SMPP_TAG_SAR_REFERENCE, pair);
    smpp_tlv_add(pdu, SMPP_TAG_SAR_TOTAL,
                 (struct esim_bytes){ (const char *)&octets->total, 1 });
    smpp_tlv_add(pdu, SMPP_TAG_SAR_NUMBER,
                 (struct esim_bytes){ (const char *)&octets->number, 1 });
}

static struct smpp_pdu pdu_of(const struct part_out *part, struct esim_bytes validity)
{
    const struct mpt_settings *settings = part->settings;
    return (struct smpp_pdu){
        .command = SMPP_SUBMIT_SM,
        .service_type = text_of(settings->service_type),
        .source = { (uint8_t)settings->source_ton, (uint8_t)settings->source_npi,
                    text_of(settings->source) },
        .dest = { (uint8_t)part->outgoing->ton, (uint8_t)part->outgoing->npi,
                  text_of(part->outgoing->to) },
        .esm_class = (uint8_t)(settings->esm_mode |
                               (has_udh(part) ? SMPP_CLASS_UDH : 0)),
        .protocol_id = (uint8_t)settings->protocol_id,
        .priority_flag = (uint8_t)settings->priority,
        .validity = validity,
        .registered_delivery = (uint8_t)settings->receipts,
        .data_coding = part->chosen.data_coding,
    };
}

static struct esim_bytes write_part(const struct part_out *part)
{
    uint8_t text[BODY_ROOM];
    char validity[VALIDITY_SIZE] = "";
    struct tlv_octets octets;
    struct smpp_out message = smpp_out_to(text, sizeof text);
    struct smpp_out body = smpp_out_to(mpt_alloc(BODY_ROOM), BODY_ROOM);
    if (part->settings->validity_s > 0 &&
        !write_validity(part->settings, part->outgoing->now_ms, validity))
        return (struct esim_bytes){ NULL, 0 };
    write_octets(part, &message);
    struct smpp_pdu pdu = pdu_of(part, text_of(validity));
    if (message.size <= SMPP_SHORT_MOST)
        pdu.short_message = smpp_written(&message);
    add_tlvs(part, &octets, &pdu);
    if (message.size > SMPP_SHORT_MOST)
        smpp_tlv_add(&pdu, SMPP_TAG_PAYLOAD, smpp_written(&message));
    smpp_write_body(&body, &pdu);
    return smpp_written(&body);
}

/* ---- all ---- */

static bool finish(const struct mpt_submit *submit, struct esim_bytes *ret)
{
    struct smpp_out out = smpp_out_to(mpt_alloc(SUBMIT_ROOM), SUBMIT_ROOM);
    mpt_submit_write(&out, submit);
    *ret = smpp_written(&out);
    return ret->size > 0;
}

bool outgoing_write(const struct mpt_settings *settings,
                    const struct outgoing *outgoing, struct esim_bytes *ret,
                    const char **ret_why)
{
    struct smpp_split split;
    struct part_out part = { .settings = settings, .outgoing = outgoing };
    struct mpt_submit submit = {
        .command = SMPP_SUBMIT_SM,
        .attempt = outgoing->attempt,
        .expects_reply = outgoing->expects_reply,
        .expects_receipt = settings->receipts != 0,
        .reference = settings->user_reference ? outgoing->reference : 0,
    };
    if (!choose(settings, outgoing->text, &split, &part.chosen)) {
        *ret_why = "The text is too long, or has characters that the alphabet in the "
                   "setting charset lacks.";
        return false;
    }
    part.split = &split;
    for (; part.at < split.count; part.at++) {
        submit.bodies[part.at] = write_part(&part);
        if (submit.bodies[part.at].size == 0) {
            *ret_why = "The addresses in the settings do not fit into a message.";
            return false;
        }
    }
    submit.count = split.count;
    *ret_why = "Memory is short.";
    return finish(&submit, ret);
}

bool outgoing_query(const struct mpt_settings *settings, const char *id,
                    uint32_t attempt, struct esim_bytes *ret)
{
    enum { QUERY_ROOM = 128 };
    struct smpp_pdu pdu = {
        .command = SMPP_QUERY_SM,
        .message_id = text_of(id),
        .source = { (uint8_t)settings->source_ton, (uint8_t)settings->source_npi,
                    text_of(settings->source) },
    };
    struct smpp_out body = smpp_out_to(mpt_alloc(QUERY_ROOM), QUERY_ROOM);
    smpp_write_body(&body, &pdu);
    struct mpt_submit submit = { .command = SMPP_QUERY_SM,
                                 .attempt = attempt,
                                 .bodies = { smpp_written(&body) },
                                 .count = 1 };
    return submit.bodies[0].size > 0 && finish(&submit, ret);
}
