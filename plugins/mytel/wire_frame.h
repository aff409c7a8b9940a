/* wire_frame.h - frames of the Mytel protocol (PROTOCOL.md 2), read and written.
 *
 *   magic 4D59 | version | type | length u32 | sequence u32 | answers u32 | body | CRC-32C
 *
 * Pure: bytes in, bytes out, no memory of its own. */
#ifndef MYTEL_WIRE_FRAME_H
#define MYTEL_WIRE_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum {
    MYTEL_VERSION = 1, /* The only one there is. */
    FRAME_CUT_BYTES = 8,
    FRAME_HEAD_BYTES = 16,
    FRAME_CRC_BYTES = 4,
    FRAME_LEAST = FRAME_HEAD_BYTES + FRAME_CRC_BYTES,
    FRAME_MOST = 65536
};

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
    FRAME_OPTIONAL = 0x80 /* From here on an unknown type is skipped. */
};

/* Why a connection ends (PROTOCOL.md 12). CLOSE_NONE is not on the wire. */
enum close_reason {
    CLOSE_NONE = 0,
    CLOSE_NORMAL = 1,
    CLOSE_GOING_AWAY = 2,
    CLOSE_BAD_CREDENTIALS = 3,
    CLOSE_UNSUPPORTED_VERSION = 4,
    CLOSE_PROTOCOL = 5,
    CLOSE_BAD_CHECKSUM = 6,
    CLOSE_BAD_LENGTH = 7,
    CLOSE_BAD_SEQUENCE = 8,
    CLOSE_SILENT = 9,
    CLOSE_TOO_MANY_SESSIONS = 10,
    CLOSE_LOGIN_TIMEOUT = 11,
    CLOSE_BARRED = 12,
    CLOSE_CLOCK = 13,
    CLOSE_REASON_COUNT
};

struct mytel_frame {
    uint8_t version;
    uint8_t type;
    uint32_t sequence;
    uint32_t answers;
    const uint8_t *body; /* Borrowed. */
    size_t body_size;
};

/* How long the frame is that begins here: 0 = fewer than FRAME_CUT_BYTES are there, -1 =
 * no frame begins here. Looks at the first FRAME_CUT_BYTES only. */
int64_t mytel_frame_length(const void *bytes, size_t size);

/* Reads one whole frame. CLOSE_NONE, or the reason for which to close: BAD_LENGTH or
 * BAD_CHECKSUM; then `ret` is untouched. Version, sequence and type are the session's
 * to check. */
enum close_reason mytel_frame_read(const void *bytes, size_t size,
                                   struct mytel_frame *ret);

/* Writes one whole frame; its size, or 0 when it does not fit into `room`. */
size_t mytel_frame_write(const struct mytel_frame *frame, void *ret, size_t room);

#endif
