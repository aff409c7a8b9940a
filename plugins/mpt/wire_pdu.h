/* wire_pdu.h - the PDUs of SMPP 3.4, both directions: one struct, one table of fields.
 *
 * Reading is strict: a field longer than the standard's size, a TLV that does not end
 * where the PDU ends, a body with bytes left over are refused with the command_status
 * that the standard has for it.
 *
 * Memory  What is read is borrowed from the PDU's bytes. Writing fills the caller's. */
#ifndef MPT_WIRE_PDU_H
#define MPT_WIRE_PDU_H

#include "wire_bytes.h"
#include "wire_status.h"

#define SMPP_RESPONSE 0x80000000u

enum smpp_command { /* 5.1.2.1; a response is | SMPP_RESPONSE. */
                    SMPP_NACK = 0x00000000,
                    SMPP_BIND_RECEIVER = 0x00000001,
                    SMPP_BIND_TRANSMITTER = 0x00000002,
                    SMPP_QUERY_SM = 0x00000003,
                    SMPP_SUBMIT_SM = 0x00000004,
                    SMPP_DELIVER_SM = 0x00000005,
                    SMPP_UNBIND = 0x00000006,
                    SMPP_REPLACE_SM = 0x00000007,
                    SMPP_CANCEL_SM = 0x00000008,
                    SMPP_BIND_TRANSCEIVER = 0x00000009,
                    SMPP_OUTBIND = 0x0000000B,
                    SMPP_ENQUIRE_LINK = 0x00000015,
                    SMPP_SUBMIT_MULTI = 0x00000021,
                    SMPP_ALERT_NOTIFICATION = 0x00000102,
                    SMPP_DATA_SM = 0x00000103
};

enum smpp_tag { /* 5.3.2 */
                SMPP_TAG_RECEIPTED_ID = 0x001E,
                SMPP_TAG_USER_REFERENCE = 0x0204,
                SMPP_TAG_SOURCE_PORT = 0x020A,
                SMPP_TAG_DEST_PORT = 0x020B,
                SMPP_TAG_SAR_REFERENCE = 0x020C,
                SMPP_TAG_SAR_TOTAL = 0x020E,
                SMPP_TAG_SAR_NUMBER = 0x020F,
                SMPP_TAG_VERSION = 0x0210,
                SMPP_TAG_NETWORK_ERROR = 0x0423,
                SMPP_TAG_PAYLOAD = 0x0424,
                SMPP_TAG_FAILURE_REASON = 0x0425,
                SMPP_TAG_STATE = 0x0427
};

enum smpp_state { /* message_state, 5.2.28 */
                  SMPP_STATE_NONE = 0,
                  SMPP_ENROUTE = 1,
                  SMPP_DELIVERED = 2,
                  SMPP_EXPIRED = 3,
                  SMPP_DELETED = 4,
                  SMPP_UNDELIVERABLE = 5,
                  SMPP_ACCEPTED = 6,
                  SMPP_STATE_UNKNOWN = 7,
                  SMPP_REJECTED = 8
};

enum {
    SMPP_HEADER_SIZE = 16,
    SMPP_PDU_MOST = 65536, /* Ours: the standard names no limit. */
    SMPP_SHORT_MOST = 254,
    SMPP_TLVS_MOST = 32,
    SMPP_SEQUENCE_MOST = 0x7FFFFFFF,
    SMPP_ID_MOST = 65, /* message_id, with its NUL. */
    SMPP_VERSION = 0x34
};

enum { /* esm_class, 5.2.12 */
       SMPP_CLASS_KIND = 0x3C,
       SMPP_CLASS_RECEIPT = 0x04,
       SMPP_CLASS_INTERMEDIATE = 0x20,
       SMPP_CLASS_UDH = 0x40
};

struct smpp_tlv {
    uint16_t tag;
    struct esim_bytes value;
};

struct smpp_address {
    uint8_t ton, npi;
    struct esim_bytes text;
};

/* Every field of every PDU; a PDU has those of its row, the others stay empty. */
struct smpp_pdu {
    uint32_t command; /* With SMPP_RESPONSE in a response. */
    uint32_t status;
    uint32_t sequence;
    bool has_body; /* Read only: a failed response has none. */

    struct esim_bytes system_id, password, system_type;
    uint8_t interface_version;
    struct smpp_address source, dest; /* A bind's address_range is `source`. */
    struct esim_bytes service_type;
    uint8_t esm_class, protocol_id, priority_flag, registered_delivery, replace_flag;
    uint8_t data_coding, default_message;
    struct esim_bytes schedule, validity, final_date; /* Empty or 16 octets. */
    struct esim_bytes short_message;
    struct esim_bytes message_id;
    uint8_t message_state, error_code;
    /* Checked lists, as they stood: dest_address(es), unsuccess_sme(s). */
    uint8_t list_count;
    struct esim_bytes list;

    struct smpp_tlv tlvs[SMPP_TLVS_MOST];
    size_t tlv_count;
};

/* Reads the whole of `bytes`. SMPP_ROK, or what to answer: then `ret` has what the header
 * said, as far as it could be read. An unknown response command is SMPP_RINVCMDID too. */
uint32_t smpp_read(struct esim_bytes bytes, struct smpp_pdu *ret);

/* Writes header, body and TLVs; smpp_written tells the result. */
void smpp_write(struct smpp_out *out, const struct smpp_pdu *pdu);

/* Body and TLVs alone; then with a header in front, for a body written earlier. */
void smpp_write_body(struct smpp_out *out, const struct smpp_pdu *pdu);
void smpp_write_header(struct smpp_out *out, uint32_t command, uint32_t status,
                       uint32_t sequence, size_t body_size);

/* NULL when absent. */
const struct smpp_tlv *smpp_tlv_of(const struct smpp_pdu *pdu, uint16_t tag);
/* The TLV's number, when it has exactly `size` octets (1, 2 or 4). */
bool smpp_tlv_number(const struct smpp_pdu *pdu, uint16_t tag, size_t size,
                     uint32_t *ret);
/* Appends; false when there are SMPP_TLVS_MOST. `value` must live until the writing. */
bool smpp_tlv_add(struct smpp_pdu *pdu, uint16_t tag, struct esim_bytes value);

/* The message's octets: message_payload, else short_message. */
struct esim_bytes smpp_text_of(const struct smpp_pdu *pdu);

/* "submit_sm", "submit_sm_resp"; "?" when it is not SMPP 3.4's. */
const char *smpp_command_name(uint32_t command);

/* How long the first PDU in `bytes` (4 or more) is. A length that no PDU can have gives
 * the header's size, so that the header can be read and answered. */
int64_t smpp_frame(struct esim_bytes bytes);

#endif
