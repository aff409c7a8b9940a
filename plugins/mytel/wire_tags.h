/* wire_tags.h - the catalogue of values (PROTOCOL.md 3): what each tag may hold.
 *
 * Pure data. */
#ifndef MYTEL_WIRE_TAGS_H
#define MYTEL_WIRE_TAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tag {
    TAG_PROTOCOL_LEAST = 0x0001,
    TAG_PROTOCOL_MOST = 0x0002,
    TAG_PROTOCOL = 0x0003,
    TAG_CLIENT_ID = 0x0004,
    TAG_AGENT = 0x0005,
    TAG_NONCE = 0x0006,
    TAG_PROOF = 0x0007,
    TAG_SERVER_TIME = 0x0008,
    TAG_WINDOW = 0x0009,
    TAG_HEARTBEAT_S = 0x000A,
    TAG_FRAME_MOST = 0x000B,
    TAG_ANSWER_S = 0x000C,
    TAG_REASON = 0x000F,
    TAG_TEXT = 0x0010,
    TAG_RETRY_AFTER_MS = 0x0011,
    TAG_REQUEST_ID = 0x0100,
    TAG_OPERATION = 0x0101,
    TAG_EXPIRES = 0x0102,
    TAG_PARAMS = 0x0103,
    TAG_CODE = 0x0104,
    TAG_RESULTS = 0x0105,
    TAG_TARGET_ID = 0x0106,
    TAG_REQUEST_STATE = 0x0107,
    TAG_ANSWER = 0x0108,
    TAG_EVENT_ID = 0x0110,
    TAG_EVENT_KIND = 0x0111,
    TAG_AT = 0x0112,
    TAG_DETAILS = 0x0113,
    TAG_ICCID = 0x0200,
    TAG_EID = 0x0201,
    TAG_IMEI = 0x0202,
    TAG_MSISDN = 0x0203,
    TAG_PROFILE_TYPE = 0x0204,
    TAG_ORDER_REF = 0x0205,
    TAG_MATCHING_ID = 0x0206,
    TAG_CONFIRMATION_CODE = 0x0207,
    TAG_SMDS_ADDRESS = 0x0208,
    TAG_RELEASE = 0x0209,
    TAG_FINAL_STATE = 0x020A,
    TAG_PROFILE_STATE = 0x020B,
    TAG_SMDP_ADDRESS = 0x020C,
    TAG_ACTIVATION_CODE = 0x020D,
    TAG_POINT = 0x020E,
    TAG_PLAN = 0x0220,
    TAG_LINE_REASON = 0x0221,
    TAG_LINE_STATE = 0x0222,
    TAG_CARRIER_REF = 0x0223,
    TAG_FROM = 0x0240,
    TAG_TO = 0x0241,
    TAG_CURSOR = 0x0242,
    TAG_RECORD = 0x0243,
    TAG_BYTES_DOWN = 0x0244,
    TAG_BYTES_UP = 0x0245,
    TAG_SMS = 0x0246,
    TAG_SECONDS = 0x0247
};

enum { TAG_CRITICAL = 0x8000, TAG_COUNT_MOST = 64 };

enum tag_kind { KIND_NUMBER, KIND_TIME, KIND_TEXT, KIND_DIGITS, KIND_BYTES, KIND_LIST };

struct tag_row {
    uint16_t tag;
    uint8_t kind; /* enum tag_kind */
    bool repeats; /* May stand several times in one list. */
    uint16_t bytes_least, bytes_most;
    uint32_t least, most; /* Of a number of up to four bytes. */
};

/* The row of a tag without its critical bit, or NULL. */
const struct tag_row *mytel_tag_row(uint16_t tag);

/* 0 to TAG_COUNT_MOST - 1: one for each row. */
unsigned mytel_tag_index(const struct tag_row *row);

/* For tests: the rows in order of their tags. */
const struct tag_row *mytel_tag_rows(size_t *ret_count);

#endif
