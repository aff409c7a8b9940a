/* smsc_pdu.h - SMPP 3.4 as an SMSC reads and writes it. Its own code: it shares nothing
 * with any adapter, so that both cannot be wrong in the same way.
 *
 * Memory  What is read is borrowed from the frame. */
#ifndef SANDBOX_SMSC_PDU_H
#define SANDBOX_SMSC_PDU_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum { PDU_HEAD = 16, PDU_MOST = 65536, SHORT_TEXT_MOST = 254, ADDRESS_SIZE_MOST = 66 };

enum { /* command_id; a response has the top bit set. */
       CMD_NACK = 0x00,
       CMD_BIND_RX = 0x01,
       CMD_BIND_TX = 0x02,
       CMD_QUERY = 0x03,
       CMD_SUBMIT = 0x04,
       CMD_DELIVER = 0x05,
       CMD_UNBIND = 0x06,
       CMD_REPLACE = 0x07,
       CMD_CANCEL = 0x08,
       CMD_BIND_TRX = 0x09,
       CMD_ENQUIRE = 0x15,
       CMD_MULTI = 0x21,
       CMD_DATA = 0x103
};
#define CMD_RESPONSE UINT32_C(0x80000000)

enum { /* command_status */
       STATUS_OK = 0x00,
       STATUS_MSG_LEN = 0x01,
       STATUS_CMD_LEN = 0x02,
       STATUS_CMD_ID = 0x03,
       STATUS_BIND_STATE = 0x04,
       STATUS_ALREADY_BOUND = 0x05,
       STATUS_PRIORITY = 0x06,
       STATUS_RECEIPTS = 0x07,
       STATUS_SYSTEM = 0x08,
       STATUS_DEST = 0x0B,
       STATUS_MSG_ID = 0x0C,
       STATUS_PASSWORD = 0x0E,
       STATUS_SYSTEM_ID = 0x0F,
       STATUS_SERVICE = 0x15,
       STATUS_ESM_CLASS = 0x43,
       STATUS_SUBMIT_FAIL = 0x45,
       STATUS_SOURCE_TON = 0x48,
       STATUS_SOURCE_NPI = 0x49,
       STATUS_DEST_TON = 0x50,
       STATUS_DEST_NPI = 0x51,
       STATUS_REPLACE_FLAG = 0x54,
       STATUS_THROTTLED = 0x58,
       STATUS_SCHEDULE = 0x61,
       STATUS_EXPIRY = 0x62,
       STATUS_QUERY_FAIL = 0x67,
       STATUS_TLV_STREAM = 0xC0,
       STATUS_TLV_NOT_ALLOWED = 0xC1,
       STATUS_TLV_LENGTH = 0xC2
};

struct pdu_head {
    uint32_t length, command, status, sequence;
};
struct pdu_head pdu_head_of(struct slice frame); /* All 0 when it is shorter. */

struct pdu_bind {
    struct slice system_id, password, system_type;
    uint8_t version;
};
uint32_t pdu_read_bind(struct slice frame, struct pdu_bind *ret);

struct pdu_message {
    struct slice source, dest;
    uint8_t source_ton, source_npi, dest_ton, dest_npi;
    uint8_t esm_class, receipts, coding;
    struct slice text; /* short_message or message_payload, header and all. */
    bool has_reference, has_sar;
    uint16_t reference; /* user_message_reference */
    uint16_t sar_reference;
    uint8_t sar_total, sar_number;
};
/* submit_sm and data_sm, checked value by value. The status to answer. */
uint32_t pdu_read_message(struct slice frame, struct pdu_message *ret);

/* query_sm: the message's id. */
uint32_t pdu_read_query(struct slice frame, struct slice *ret_id);

/* ---- writing: into a buf, whole PDUs ---- */

void pdu_begin(struct buf *out, uint32_t command, uint32_t status, uint32_t sequence);
void pdu_end(struct buf *out); /* Fills the length in; one PDU in a buf. */
void pdu_u8(struct buf *out, unsigned value);
void pdu_u16(struct buf *out, unsigned value);
void pdu_text(struct buf *out, const char *text); /* With its NUL. */
void pdu_tlv(struct buf *out, unsigned tag, const void *value, size_t size);

/* Header alone: every failed response, enquire_link_resp, unbind_resp, generic_nack. */
void pdu_bare(struct buf *out, uint32_t command, uint32_t status, uint32_t sequence);

#endif
