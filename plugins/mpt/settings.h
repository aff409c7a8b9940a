/* settings.h - what differs from one SMSC, and one carrier's commands, to the next
 * (README.md lists them).
 *
 * Read anew in each step from the settings' JSON. Texts are borrowed from it or
 * constant. */
#ifndef MPT_SETTINGS_H
#define MPT_SETTINGS_H

#include <jansson.h>

#include "reference.h"
#include "wire_pdu.h"
#include "wire_receipt.h"
#include "wire_split.h"

enum { MPT_WINDOW_MOST = 64 };

struct mpt_settings {
    /* Texts. */
    const char *system_type, *address_range, *source, *service_type, *country_code;
    const char *command_to; /* The commands' short code, where a command names none. */

    /* Numbers. */
    int64_t range_ton, range_npi, source_ton, source_npi;
    int64_t command_ton, command_npi, number_ton, number_npi;
    int64_t validity_s; /* 0: the carrier's own. */
    int64_t priority, protocol_id;
    int64_t window, rate_per_s, pause_ms;
    int64_t bind_ms, enquire_ms, response_ms, inactivity_ms, drain_ms;
    int64_t assembly_ms, receipt_keep_ms;
    int64_t submit_ms, reply_ms, receipt_ms;

    /* Switches. */
    bool user_reference; /* Send the TLV user_message_reference. */
    bool query;          /* The carrier answers query_sm. */

    /* Choices. */
    bool charset_auto; /* GSM-7 where it will do, else UCS2. */
    enum smpp_charset charset;
    struct smpp_codings codings; /* default_alphabet, coding_1_alphabet */
    enum smpp_way way;
    enum smpp_id_form response_ids, receipt_ids;
    enum reference_form reference_form;
    bool join_by_number; /* Replies name the line, not the reference. */
    bool validity_is_absolute;
    uint8_t esm_mode; /* esm_class, bits 1-0. */
    uint8_t interface_version;
    int receipts; /* registered_delivery: 0, 1, 2. */
    enum { NUMBER_PLAIN, NUMBER_PLUS, NUMBER_NATIONAL } number_form;

    const json_t *commands;   /* By capability: {text, to?, replies?}. */
    const json_t *replies;    /* For all commands, after their own. */
    const json_t *reply_from; /* More addresses that replies may come from. */
};

/* Takes what fits and the default for the rest: what does not fit was refused by
 * mpt_settings_check when the settings were written. */
void mpt_settings_read(const json_t *json, struct mpt_settings *ret);

/* NULL when all is well; else the dotted name of the first wrong setting, and in
 * ret_message what was expected. */
const char *mpt_settings_check(const json_t *json, const char **ret_message);

/* The command of a capability, NULL when the settings have none; and where it goes. */
const json_t *mpt_command(const struct mpt_settings *settings, const char *capability);
const char *mpt_command_to(const struct mpt_settings *settings, const json_t *command);

/* Whether a reply from this address is to be believed. */
bool mpt_may_reply(const struct mpt_settings *settings, struct esim_bytes address);

#endif
