#include "wire_tags.h"

#include <assert.h>

#define NUMBER(tag, bytes, least, most)                              \
    {                                                                \
        (tag), KIND_NUMBER, false, (bytes), (bytes), (least), (most) \
    }
#define BYTES(tag, least, most)                         \
    {                                                   \
        (tag), KIND_BYTES, false, (least), (most), 0, 0 \
    }
#define TEXT(tag, most)                          \
    {                                            \
        (tag), KIND_TEXT, false, 1, (most), 0, 0 \
    }
#define DIGITS(tag, least, most)                         \
    {                                                    \
        (tag), KIND_DIGITS, false, (least), (most), 0, 0 \
    }
#define TIME(tag)                           \
    {                                       \
        (tag), KIND_TIME, false, 8, 8, 0, 0 \
    }
#define LIST(tag, repeats)                               \
    {                                                    \
        (tag), KIND_LIST, (repeats), 0, UINT16_MAX, 0, 0 \
    }

/* In order of the tags: they are searched by halves. */
/* clang-format off */
static const struct tag_row rows[] = {
    NUMBER(TAG_PROTOCOL_LEAST, 1, 1, 255),
    NUMBER(TAG_PROTOCOL_MOST, 1, 1, 255),
    NUMBER(TAG_PROTOCOL, 1, 1, 255),
    TEXT(TAG_CLIENT_ID, 64),
    TEXT(TAG_AGENT, 64),
    BYTES(TAG_NONCE, 32, 32),
    BYTES(TAG_PROOF, 32, 32),
    TIME(TAG_SERVER_TIME),
    NUMBER(TAG_WINDOW, 2, 0, UINT16_MAX),
    NUMBER(TAG_HEARTBEAT_S, 2, 1, 3600),
    NUMBER(TAG_FRAME_MOST, 4, 4096, 65536),
    NUMBER(TAG_ANSWER_S, 2, 1, 600),
    NUMBER(TAG_REASON, 2, 0, UINT16_MAX),
    TEXT(TAG_TEXT, 255),
    NUMBER(TAG_RETRY_AFTER_MS, 4, 0, UINT32_MAX),
    BYTES(TAG_REQUEST_ID, 16, 16),
    NUMBER(TAG_OPERATION, 2, 0, UINT16_MAX),
    TIME(TAG_EXPIRES),
    LIST(TAG_PARAMS, false),
    NUMBER(TAG_CODE, 2, 0, UINT16_MAX),
    LIST(TAG_RESULTS, false),
    BYTES(TAG_TARGET_ID, 16, 16),
    NUMBER(TAG_REQUEST_STATE, 1, 1, 4),
    LIST(TAG_ANSWER, false),
    BYTES(TAG_EVENT_ID, 16, 16),
    NUMBER(TAG_EVENT_KIND, 2, 0, UINT16_MAX),
    TIME(TAG_AT),
    LIST(TAG_DETAILS, false),
    DIGITS(TAG_ICCID, 18, 20),
    DIGITS(TAG_EID, 32, 32),
    DIGITS(TAG_IMEI, 14, 16),
    DIGITS(TAG_MSISDN, 8, 15),
    TEXT(TAG_PROFILE_TYPE, 64),
    TEXT(TAG_ORDER_REF, 64),
    TEXT(TAG_MATCHING_ID, 64),
    TEXT(TAG_CONFIRMATION_CODE, 64),
    TEXT(TAG_SMDS_ADDRESS, 255),
    NUMBER(TAG_RELEASE, 1, 0, 1),
    NUMBER(TAG_FINAL_STATE, 1, 1, 9),
    NUMBER(TAG_PROFILE_STATE, 1, 1, 9),
    TEXT(TAG_SMDP_ADDRESS, 255),
    TEXT(TAG_ACTIVATION_CODE, 255),
    NUMBER(TAG_POINT, 1, 0, 255),
    TEXT(TAG_PLAN, 64),
    TEXT(TAG_LINE_REASON, 64),
    NUMBER(TAG_LINE_STATE, 1, 1, 4),
    TEXT(TAG_CARRIER_REF, 64),
    TIME(TAG_FROM),
    TIME(TAG_TO),
    BYTES(TAG_CURSOR, 1, 64),
    LIST(TAG_RECORD, true),
    NUMBER(TAG_BYTES_DOWN, 8, 0, 0),
    NUMBER(TAG_BYTES_UP, 8, 0, 0),
    NUMBER(TAG_SMS, 4, 0, UINT32_MAX),
    NUMBER(TAG_SECONDS, 4, 0, UINT32_MAX),
};
/* clang-format on */

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };
static_assert((int)ROW_COUNT <= (int)TAG_COUNT_MOST,
              "a list's tags are marked in 64 bits");

const struct tag_row *mytel_tag_row(uint16_t tag)
{
    size_t low = 0, high = ROW_COUNT;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (rows[middle].tag == tag)
            return &rows[middle];
        if (rows[middle].tag < tag)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

unsigned mytel_tag_index(const struct tag_row *row)
{
    return (unsigned)(row - rows);
}

const struct tag_row *mytel_tag_rows(size_t *ret_count)
{
    *ret_count = ROW_COUNT;
    return rows;
}
