#include "wire_receipt.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* clang-format off */
static const struct { const char *name; const char *stat; } states[] = {
    [SMPP_STATE_NONE]    = { "",              "" },
    [SMPP_ENROUTE]       = { "ENROUTE",       "ENROUTE" },
    [SMPP_DELIVERED]     = { "DELIVERED",     "DELIVRD" },
    [SMPP_EXPIRED]       = { "EXPIRED",       "EXPIRED" },
    [SMPP_DELETED]       = { "DELETED",       "DELETED" },
    [SMPP_UNDELIVERABLE] = { "UNDELIVERABLE", "UNDELIV" },
    [SMPP_ACCEPTED]      = { "ACCEPTED",      "ACCEPTD" },
    [SMPP_STATE_UNKNOWN] = { "UNKNOWN",       "UNKNOWN" },
    [SMPP_REJECTED]      = { "REJECTED",      "REJECTD" },
};
/* clang-format on */
enum { STATE_COUNT = sizeof states / sizeof states[0], STAT_LENGTH = 7 };

const char *smpp_state_name(enum smpp_state state)
{
    return (unsigned)state < STATE_COUNT ? states[state].name : "";
}

bool smpp_state_is_final(enum smpp_state state)
{
    return state == SMPP_DELIVERED || state == SMPP_EXPIRED || state == SMPP_DELETED ||
           state == SMPP_UNDELIVERABLE || state == SMPP_REJECTED;
}

bool smpp_is_receipt(const struct smpp_pdu *pdu)
{
    uint8_t kind = pdu->esm_class & SMPP_CLASS_KIND;
    return kind == SMPP_CLASS_RECEIPT || kind == SMPP_CLASS_INTERMEDIATE;
}

/* ---- the text ---- */

/* By the first seven letters, so that "DELIVERED" and "DELIVRD" are both read. */
static enum smpp_state state_of(struct esim_bytes word)
{
    for (size_t i = 1; i < STATE_COUNT; i++)
        if ((word.size == strlen(states[i].stat) &&
             strncasecmp(word.ptr, states[i].stat, word.size) == 0) ||
            (word.size == strlen(states[i].name) &&
             strncasecmp(word.ptr, states[i].name, word.size) == 0))
            return (enum smpp_state)i;
    return SMPP_STATE_NONE;
}

static void take_id(struct smpp_receipt *ret, struct esim_bytes value)
{
    ret->id = value;
}

static void take_state(struct smpp_receipt *ret, struct esim_bytes value)
{
    ret->state = state_of(value);
}

static void take_error(struct smpp_receipt *ret, struct esim_bytes value)
{
    int size = snprintf(ret->error, sizeof ret->error, "%.*s", (int)value.size,
                        value.ptr);
    if (size < 0 || (size_t)size >= sizeof ret->error)
        ret->error[0] = '\0';
}

/* clang-format off */
static const struct {
    const char *key;
    void (*take)(struct smpp_receipt *ret, struct esim_bytes value);
} keys[] = {
    { "id:",   take_id },
    { "stat:", take_state },
    { "err:",  take_error },
};
/* clang-format on */

static bool begins(struct esim_bytes text, const char *with)
{
    size_t length = strlen(with);
    return text.size >= length && strncasecmp(text.ptr, with, length) == 0;
}

static struct esim_bytes without(struct esim_bytes text, size_t size)
{
    return (struct esim_bytes){ text.ptr + size, text.size - size };
}

static struct esim_bytes word_of(struct esim_bytes text)
{
    size_t size = 0;
    while (size < text.size && text.ptr[size] != ' ' && text.ptr[size] != '\r' &&
           text.ptr[size] != '\n' && text.ptr[size] != '\0')
        size++;
    return (struct esim_bytes){ text.ptr, size };
}

/* The value of a key at the text's start; its size, 0 when there is no known key. The
 * first value counts: what the message itself said comes last, behind "text:". */
static size_t take_key(struct esim_bytes text, unsigned *seen, struct smpp_receipt *ret)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (!begins(text, keys[i].key) || (*seen & 1u << i) != 0)
            continue;
        size_t length = strlen(keys[i].key);
        struct esim_bytes value = word_of(without(text, length));
        *seen |= 1u << i;
        if (value.size > 0)
            keys[i].take(ret, value);
        return length + value.size;
    }
    return 0;
}

void smpp_receipt_text(struct esim_bytes text, struct smpp_receipt *ret)
{
    bool at_word = true;
    unsigned seen = 0;
    while (text.size > 0) {
        if (at_word && begins(text, "text:")) {
            ret->text = without(text, strlen("text:"));
            return;
        }
        size_t taken = at_word ? take_key(text, &seen, ret) : 0;
        at_word = taken == 0 && (text.ptr[0] == ' ' || text.ptr[0] == ',');
        text = without(text, taken > 0 ? taken : 1);
    }
}

/* ---- the TLVs ---- */

static void take_network_error(const struct smpp_pdu *pdu, struct smpp_receipt *ret)
{
    const struct smpp_tlv *tlv = smpp_tlv_of(pdu, SMPP_TAG_NETWORK_ERROR);
    if (tlv == NULL || tlv->value.size != 3)
        return;
    const uint8_t *octets = (const uint8_t *)tlv->value.ptr;
    int size = snprintf(ret->error, sizeof ret->error, "%02x%02x%02x", octets[0],
                        octets[1], octets[2]);
    if (size != 6)
        ret->error[0] = '\0';
}

static void take_tlvs(const struct smpp_pdu *pdu, struct smpp_receipt *ret)
{
    const struct smpp_tlv *id = smpp_tlv_of(pdu, SMPP_TAG_RECEIPTED_ID);
    uint32_t state = 0;
    if (id != NULL && id->value.size > 0) {
        ret->id = (struct esim_bytes){ id->value.ptr,
                                       strnlen(id->value.ptr, id->value.size) };
        ret->id_is_tlv = ret->id.size > 0;
    }
    if (smpp_tlv_number(pdu, SMPP_TAG_STATE, 1, &state) && state < STATE_COUNT)
        ret->state = (enum smpp_state)state;
    ret->has_user_reference = smpp_tlv_number(pdu, SMPP_TAG_USER_REFERENCE, 2,
                                              &ret->user_reference);
    take_network_error(pdu, ret);
}

bool smpp_receipt_read(const struct smpp_pdu *pdu, struct esim_bytes text,
                       struct smpp_receipt *ret)
{
    *ret = (struct smpp_receipt){ 0 };
    smpp_receipt_text(text, ret);
    take_tlvs(pdu, ret);
    return ret->id.size > 0 || ret->state != SMPP_STATE_NONE || ret->has_user_reference;
}

/* ---- ids ---- */

bool smpp_id_form_read(const char *name, enum smpp_id_form *ret)
{
    static const char *const names[] = { "text", "decimal", "hex" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0) {
            *ret = (enum smpp_id_form)i;
            return true;
        }
    return false;
}

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c == '\0' ? NULL
                               : strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);
    return at == NULL ? 16 : (int)(at - digits);
}

static bool number_of(struct esim_bytes id, unsigned base, uint64_t *ret)
{
    uint64_t value = 0;
    for (uint64_t i = 0; i < id.size; i++) {
        unsigned digit = (unsigned)digit_of(id.ptr[i]);
        if (digit >= base || value > (UINT64_MAX - digit) / base)
            return false;
        value = value * base + digit;
    }
    *ret = value;
    return id.size > 0;
}

void smpp_id_name(struct esim_bytes id, enum smpp_id_form form, char ret[SMPP_ID_NAME])
{
    uint64_t value = 0;
    size_t size = id.size < SMPP_ID_NAME - 1 ? id.size : SMPP_ID_NAME - 1;
    if (form != SMPP_ID_TEXT && number_of(id, form == SMPP_ID_HEX ? 16 : 10, &value)) {
        int length = snprintf(ret, SMPP_ID_NAME, "%llx", (unsigned long long)value);
        if (length > 0)
            return;
    }
    if (size > 0)
        memcpy(ret, id.ptr, size);
    ret[size] = '\0';
}
