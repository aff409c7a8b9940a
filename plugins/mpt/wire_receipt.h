/* wire_receipt.h - a delivery receipt: what became of a message of ours.
 *
 * The standard's TLVs count first. Appendix B's text is "vendor specific": keys come in
 * any case and order, some are missing, ids are longer than ten characters, and decimal
 * in one place and hexadecimal in another. */
#ifndef MPT_WIRE_RECEIPT_H
#define MPT_WIRE_RECEIPT_H

#include "wire_pdu.h"

enum { SMPP_RECEIPT_WORD = 32, SMPP_ID_NAME = 80 };

struct smpp_receipt {
    struct esim_bytes id;          /* Borrowed; empty when it was not told. */
    bool id_is_tlv;                /* Else it stood in the text. */
    enum smpp_state state;         /* SMPP_STATE_NONE when neither place tells it. */
    char error[SMPP_RECEIPT_WORD]; /* "err" of the text, or network_error_code in
                                      hexadecimal digits; "" when not told. */
    struct esim_bytes text;        /* "text" of the text, borrowed. */
    uint32_t user_reference;
    bool has_user_reference;
};

/* Whether a deliver_sm or data_sm is one (esm_class, 5.2.12). */
bool smpp_is_receipt(const struct smpp_pdu *pdu);

/* `text` is the message as UTF-8. False when neither id, state nor reference is told. */
bool smpp_receipt_read(const struct smpp_pdu *pdu, struct esim_bytes text,
                       struct smpp_receipt *ret);

/* The text alone, for a receipt without TLVs. */
void smpp_receipt_text(struct esim_bytes text, struct smpp_receipt *ret);

const char *smpp_state_name(enum smpp_state state); /* "DELIVERED"; "" for NONE. */
bool smpp_state_is_final(enum smpp_state state);

/* How a carrier writes ids. */
enum smpp_id_form { SMPP_ID_TEXT, SMPP_ID_DECIMAL, SMPP_ID_HEX };
bool smpp_id_form_read(const char *name, enum smpp_id_form *ret);

/* One spelling for one id: numbers become hexadecimal digits without leading zeros; what
 * is no such number stays as it is. Cut at SMPP_ID_NAME - 1. */
void smpp_id_name(struct esim_bytes id, enum smpp_id_form form, char ret[SMPP_ID_NAME]);

#endif
