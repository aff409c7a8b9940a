/* mytel_wire.h - frames and values of plugins/mytel/PROTOCOL.md 2 and 3, as the carrier
 * reads and writes them. Its own code: it shares nothing with the adapter, so that both
 * cannot be wrong in the same way.
 *
 * Memory  What is read is borrowed from the frame. */
#ifndef SANDBOX_MYTEL_WIRE_H
#define SANDBOX_MYTEL_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum { FRAME_HEAD = 16, FRAME_LEAST = 20, FRAME_MOST = 65536 };

enum frame_type {
    FRAME_HELLO = 0x01,
    FRAME_CHALLENGE = 0x02,
    FRAME_LOGIN = 0x03,
    FRAME_WELCOME = 0x04,
    FRAME_CLOSE = 0x05,
    FRAME_PING = 0x06,
    FRAME_PONG = 0x07,
    FRAME_WINDOW = 0x08,
    FRAME_REQUEST = 0x10,
    FRAME_REPLY = 0x11,
    FRAME_EVENT = 0x20,
    FRAME_EVENT_ACK = 0x21,
    FRAME_LATER = 0x80 /* Types from here on are skipped when they are not known. */
};

struct frame {
    uint8_t version, type;
    uint32_t length, sequence, answers;
    struct slice body;
    bool is_sound; /* The checksum is right. */
};

uint32_t frame_checksum(struct slice bytes); /* CRC-32C. */

/* How long the first frame in `bytes` is; 0: not told yet; -1: no frame begins here. */
int64_t frame_length(struct slice bytes);
struct frame frame_read(struct slice whole);

void frame_begin(struct buf *out, enum frame_type type, uint32_t answers);
void frame_end(struct buf *out); /* One frame in a buf. It still lacks its stamp. */

/* Sequence and checksum, when the frame leaves. */
void frame_stamp(void *bytes, size_t size, uint32_t sequence);

/* ---- values ---- */

enum {
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

/* What is wrong with a list; the worst is told. */
enum values_flaw {
    VALUES_FINE,
    VALUES_BAD,      /* A number, text or state outside of the table. */
    VALUES_CRITICAL, /* An unknown tag that must not be skipped. */
    VALUES_MALFORMED
};

/* The whole tree of values in `list`. */
enum values_flaw values_check(struct slice list);

/* In a list that was checked: the value of that tag. False: it is not there. */
bool values_find(struct slice list, unsigned tag, struct slice *ret);
bool values_has(struct slice list, unsigned tag);
uint64_t values_number(struct slice list, unsigned tag);   /* 0 when it is not there. */
struct slice values_text(struct slice list, unsigned tag); /* Empty likewise. */

void values_put(struct buf *out, unsigned tag, struct slice value);
void values_put_number(struct buf *out, unsigned tag, uint64_t number);
void values_put_text(struct buf *out, unsigned tag,
                     const char *text); /* "": nothing. */

/* A container: what is put between the two is in it. */
size_t values_open(struct buf *out, unsigned tag);
void values_close(struct buf *out, size_t opened);

#endif
