/* mytel_tags.h - the names of PROTOCOL.md: tags, operations, codes, close reasons. */
#ifndef SANDBOX_MYTEL_TAGS_H
#define SANDBOX_MYTEL_TAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tag_kind { KIND_NUMBER, KIND_TEXT, KIND_DIGITS, KIND_BYTES, KIND_CONTAINER };

struct mytel_tag {
    uint16_t tag;
    uint8_t kind;               /* enum tag_kind */
    bool is_list;               /* May be there more than once. */
    uint16_t least, most;       /* Bytes. */
    uint32_t smallest, largest; /* Of a number; largest 0: any. */
};

/* The row of a tag, without C; NULL when version 1 does not know it. */
const struct mytel_tag *mytel_tag(unsigned tag);
size_t mytel_tag_index(const struct mytel_tag *tag); /* Below 64. */

/* ---- operations ---- */

enum operation {
    OP_REQUEST_STATUS = 0x0001,
    OP_PROFILE_ORDER = 0x0101,
    OP_PROFILE_CONFIRM = 0x0102,
    OP_PROFILE_RELEASE = 0x0103,
    OP_PROFILE_CANCEL = 0x0104,
    OP_PROFILE_STATUS = 0x0105,
    OP_LINE_ACTIVATE = 0x0201,
    OP_LINE_SUSPEND = 0x0202,
    OP_LINE_RESUME = 0x0203,
    OP_LINE_TERMINATE = 0x0204,
    OP_USAGE_READ = 0x0301
};

struct mytel_operation {
    uint16_t number;
    const char *name;
    bool is_change;
    uint16_t must[3];   /* Mandatory tags, ended by 0. */
    uint16_t either[2]; /* One of these at least; 0: no such rule. */
};

const struct mytel_operation *mytel_operation(unsigned number); /* NULL: unknown. */

/* ---- codes and reasons ---- */

enum code {
    CODE_OK = 0x0000,
    CODE_IN_PROGRESS = 0x0001,
    CODE_BUSY = 0x0101,
    CODE_THROTTLED = 0x0102,
    CODE_WINDOW_EXCEEDED = 0x0103,
    CODE_EXPIRED = 0x0105,
    CODE_MALFORMED = 0x0201,
    CODE_UNKNOWN_OPERATION = 0x0202,
    CODE_UNKNOWN_CRITICAL = 0x0203,
    CODE_MISSING = 0x0204,
    CODE_BAD_VALUE = 0x0205,
    CODE_EXPIRES_TOO_FAR = 0x0206,
    CODE_ID_REUSED = 0x0207,
    CODE_NOT_PERMITTED = 0x0208,
    CODE_ICCID_UNKNOWN = 0x0301,
    CODE_ICCID_IN_USE = 0x0302,
    CODE_PROFILE_TYPE_UNKNOWN = 0x0303,
    CODE_STOCK_EMPTY = 0x0304,
    CODE_PROFILE_TYPE_MISMATCH = 0x0305,
    CODE_EID_DIFFERS = 0x0306,
    CODE_MATCHING_ID_DIFFERS = 0x0307,
    CODE_MATCHING_ID_IN_USE = 0x0308,
    CODE_WRONG_STATE = 0x0309,
    CODE_ALREADY_DOWNLOADED = 0x030A,
    CODE_MSISDN_UNKNOWN = 0x0320,
    CODE_LINE_WRONG_STATE = 0x0321,
    CODE_PERIOD_REFUSED = 0x0340,
    CODE_INTERNAL = 0x0401,
    CODE_FORGOTTEN = 0x0402
};
static inline unsigned code_class(unsigned code)
{
    return code >> 8;
}

enum reason {
    REASON_NONE = 0,
    REASON_NORMAL = 1,
    REASON_GOING_AWAY = 2,
    REASON_BAD_CREDENTIALS = 3,
    REASON_UNSUPPORTED_VERSION = 4,
    REASON_PROTOCOL = 5,
    REASON_BAD_CHECKSUM = 6,
    REASON_BAD_LENGTH = 7,
    REASON_BAD_SEQUENCE = 8,
    REASON_SILENT = 9,
    REASON_TOO_MANY_SESSIONS = 10,
    REASON_LOGIN_TIMEOUT = 11,
    REASON_BARRED = 12
};

enum event_kind {
    EVENT_PROFILE_CHANGED = 0x0001,
    EVENT_LINE_CHANGED = 0x0002,
    EVENT_REQUEST_FINISHED = 0x0003
};

#endif
