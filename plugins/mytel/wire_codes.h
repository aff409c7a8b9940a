/* wire_codes.h - operations, codes, states and events by number (PROTOCOL.md 8 to 12).
 *
 * Pure data. */
#ifndef MYTEL_WIRE_CODES_H
#define MYTEL_WIRE_CODES_H

#include <stdint.h>

enum operation_number {
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

/* The high byte of a code is its class. */
enum code_class {
    CLASS_CARRIED_OUT = 0,
    CLASS_NOT_NOW = 1,
    CLASS_WRONG = 2,
    CLASS_REFUSED = 3,
    CLASS_NOBODY_KNOWS = 4
};

enum code {
    CODE_OK = 0x0000,
    CODE_IN_PROGRESS = 0x0001,
    CODE_BUSY = 0x0101,
    CODE_THROTTLED = 0x0102,
    CODE_WINDOW_EXCEEDED = 0x0103,
    CODE_MAINTENANCE = 0x0104,
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
    CODE_EID_REFUSED = 0x030B,
    CODE_MSISDN_UNKNOWN = 0x0320,
    CODE_LINE_WRONG_STATE = 0x0321,
    CODE_PLAN_UNKNOWN = 0x0322,
    CODE_PERIOD_REFUSED = 0x0340,
    CODE_INTERNAL = 0x0401,
    CODE_FORGOTTEN = 0x0402
};

enum request_state {
    REQUEST_NOT_FOUND = 1,
    REQUEST_IN_PROGRESS = 2,
    REQUEST_FINISHED = 3,
    REQUEST_FORGOTTEN = 4
};

enum event_kind {
    EVENT_PROFILE_CHANGED = 0x0001,
    EVENT_LINE_CHANGED = 0x0002,
    EVENT_REQUEST_FINISHED = 0x0003
};

enum { CLOCK_MOST_MS = 300000, PAGE_RECORDS = 100 };

/* "Available"; NULL when there is none with this number. And back: 0. */
const char *mytel_profile_state(uint64_t number);
uint64_t mytel_profile_state_of(const char *name);

/* "ACTIVE" */
const char *mytel_line_state(uint64_t number);

#endif
