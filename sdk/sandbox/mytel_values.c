/* The reading of values, by the tables of PROTOCOL.md 3 and 8. */
#include <stddef.h>

#include "mytel_tags.h"
#include "mytel_wire.h"

enum { CRITICAL = 0x8000, DEPTH_MOST = 4, VALUE_HEAD = 4 };

/* clang-format off */
static const struct mytel_tag tags[] = {
    { TAG_PROTOCOL_LEAST,    KIND_NUMBER,    false, 1,   1,     1, UINT8_MAX },
    { TAG_PROTOCOL_MOST,     KIND_NUMBER,    false, 1,   1,     0, 0 },
    { TAG_PROTOCOL,          KIND_NUMBER,    false, 1,   1,     0, 0 },
    { TAG_CLIENT_ID,         KIND_TEXT,      false, 1,   64,    0, 0 },
    { TAG_AGENT,             KIND_TEXT,      false, 1,   64,    0, 0 },
    { TAG_NONCE,             KIND_BYTES,     false, 32,  32,    0, 0 },
    { TAG_PROOF,             KIND_BYTES,     false, 32,  32,    0, 0 },
    { TAG_SERVER_TIME,       KIND_NUMBER,    false, 8,   8,     0, 0 },
    { TAG_WINDOW,            KIND_NUMBER,    false, 2,   2,     0, 0 },
    { TAG_HEARTBEAT_S,       KIND_NUMBER,    false, 2,   2,     1, 3600 },
    { TAG_FRAME_MOST,        KIND_NUMBER,    false, 4,   4,     4096, 65536 },
    { TAG_ANSWER_S,          KIND_NUMBER,    false, 2,   2,     1, 600 },
    { TAG_REASON,            KIND_NUMBER,    false, 2,   2,     0, 0 },
    { TAG_TEXT,              KIND_TEXT,      false, 1,   255,   0, 0 },
    { TAG_RETRY_AFTER_MS,    KIND_NUMBER,    false, 4,   4,     0, 0 },
    { TAG_REQUEST_ID,        KIND_BYTES,     false, 16,  16,    0, 0 },
    { TAG_OPERATION,         KIND_NUMBER,    false, 2,   2,     0, 0 },
    { TAG_EXPIRES,           KIND_NUMBER,    false, 8,   8,     0, 0 },
    { TAG_PARAMS,            KIND_CONTAINER, false, 0,   65535, 0, 0 },
    { TAG_CODE,              KIND_NUMBER,    false, 2,   2,     0, 0 },
    { TAG_RESULTS,           KIND_CONTAINER, false, 0,   65535, 0, 0 },
    { TAG_TARGET_ID,         KIND_BYTES,     false, 16,  16,    0, 0 },
    { TAG_REQUEST_STATE,     KIND_NUMBER,    false, 1,   1,     1, 4 },
    { TAG_ANSWER,            KIND_CONTAINER, false, 0,   65535, 0, 0 },
    { TAG_EVENT_ID,          KIND_BYTES,     false, 16,  16,    0, 0 },
    { TAG_EVENT_KIND,        KIND_NUMBER,    false, 2,   2,     0, 0 },
    { TAG_AT,                KIND_NUMBER,    false, 8,   8,     0, 0 },
    { TAG_DETAILS,           KIND_CONTAINER, false, 0,   65535, 0, 0 },
    { TAG_ICCID,             KIND_DIGITS,    false, 18,  20,    0, 0 },
    { TAG_EID,               KIND_DIGITS,    false, 32,  32,    0, 0 },
    { TAG_IMEI,              KIND_DIGITS,    false, 14,  16,    0, 0 },
    { TAG_MSISDN,            KIND_DIGITS,    false, 8,   15,    0, 0 },
    { TAG_PROFILE_TYPE,      KIND_TEXT,      false, 1,   64,    0, 0 },
    { TAG_ORDER_REF,         KIND_TEXT,      false, 1,   64,    0, 0 },
    { TAG_MATCHING_ID,       KIND_TEXT,      false, 1,   64,    0, 0 },
    { TAG_CONFIRMATION_CODE, KIND_TEXT,      false, 1,   64,    0, 0 },
    { TAG_SMDS_ADDRESS,      KIND_TEXT,      false, 1,   255,   0, 0 },
    { TAG_RELEASE,           KIND_NUMBER,    false, 1,   1,     0, 1 },
    { TAG_FINAL_STATE,       KIND_NUMBER,    false, 1,   1,     1, 9 },
    { TAG_PROFILE_STATE,     KIND_NUMBER,    false, 1,   1,     1, 9 },
    { TAG_SMDP_ADDRESS,      KIND_TEXT,      false, 1,   255,   0, 0 },
    { TAG_ACTIVATION_CODE,   KIND_TEXT,      false, 1,   255,   0, 0 },
    { TAG_POINT,             KIND_NUMBER,    false, 1,   1,     0, 0 },
    { TAG_PLAN,              KIND_TEXT,      false, 1,   64,    0, 0 },
    { TAG_LINE_REASON,       KIND_TEXT,      false, 1,   64,    0, 0 },
    { TAG_LINE_STATE,        KIND_NUMBER,    false, 1,   1,     1, 4 },
    { TAG_CARRIER_REF,       KIND_TEXT,      false, 1,   64,    0, 0 },
    { TAG_FROM,              KIND_NUMBER,    false, 8,   8,     0, 0 },
    { TAG_TO,                KIND_NUMBER,    false, 8,   8,     0, 0 },
    { TAG_CURSOR,            KIND_BYTES,     false, 1,   64,    0, 0 },
    { TAG_RECORD,            KIND_CONTAINER, true,  0,   65535, 0, 0 },
    { TAG_BYTES_DOWN,        KIND_NUMBER,    false, 8,   8,     0, 0 },
    { TAG_BYTES_UP,          KIND_NUMBER,    false, 8,   8,     0, 0 },
    { TAG_SMS,               KIND_NUMBER,    false, 4,   4,     0, 0 },
    { TAG_SECONDS,           KIND_NUMBER,    false, 4,   4,     0, 0 },
};

static const struct mytel_operation operations[] = {
    { OP_REQUEST_STATUS,  "REQUEST_STATUS",  false, { TAG_TARGET_ID, TAG_EXPIRES },   { 0 } },
    { OP_PROFILE_ORDER,   "PROFILE_ORDER",   true,  { 0 },                            { TAG_ICCID, TAG_PROFILE_TYPE } },
    { OP_PROFILE_CONFIRM, "PROFILE_CONFIRM", true,  { TAG_ICCID, TAG_RELEASE },       { 0 } },
    { OP_PROFILE_RELEASE, "PROFILE_RELEASE", true,  { TAG_ICCID },                    { 0 } },
    { OP_PROFILE_CANCEL,  "PROFILE_CANCEL",  true,  { TAG_ICCID, TAG_FINAL_STATE },   { 0 } },
    { OP_PROFILE_STATUS,  "PROFILE_STATUS",  false, { TAG_ICCID },                    { 0 } },
    { OP_LINE_ACTIVATE,   "LINE_ACTIVATE",   true,  { TAG_MSISDN },                   { 0 } },
    { OP_LINE_SUSPEND,    "LINE_SUSPEND",    true,  { TAG_MSISDN },                   { 0 } },
    { OP_LINE_RESUME,     "LINE_RESUME",     true,  { TAG_MSISDN },                   { 0 } },
    { OP_LINE_TERMINATE,  "LINE_TERMINATE",  true,  { TAG_MSISDN },                   { 0 } },
    { OP_USAGE_READ,      "USAGE_READ",      false, { TAG_FROM, TAG_TO },             { TAG_MSISDN, TAG_ICCID } },
};
/* clang-format on */
enum { TAG_COUNT = sizeof tags / sizeof tags[0] };
_Static_assert(TAG_COUNT <= 64, "a set of tags is one word");

const struct mytel_tag *mytel_tag(unsigned tag)
{
    for (size_t i = 0; i < TAG_COUNT; i++)
        if (tags[i].tag == tag)
            return &tags[i];
    return NULL;
}

size_t mytel_tag_index(const struct mytel_tag *tag)
{
    return (size_t)(tag - tags);
}

const struct mytel_operation *mytel_operation(unsigned number)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
        if (operations[i].number == number)
            return &operations[i];
    return NULL;
}

/* ---- one value ---- */

static uint64_t number_of(struct slice value)
{
    uint64_t number = 0;
    for (size_t i = 0; i < value.size; i++)
        number = number << 8 | (uint8_t)value.ptr[i];
    return number;
}

static bool is_digits(struct slice text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return true;
}

/* Bytes of the character at the front: RFC 3629 4; 0: it is none, or a control. */
static size_t character_size(const uint8_t *at, size_t left)
{
    static const struct {
        uint8_t mask, lead, least, most; /* The second byte's bounds. */
        size_t size;
    } rows[] = {
        { 0xFF, 0xE0, 0xA0, 0xBF, 3 }, { 0xFF, 0xED, 0x80, 0x9F, 3 },
        { 0xFF, 0xF0, 0x90, 0xBF, 4 }, { 0xFF, 0xF4, 0x80, 0x8F, 4 },
        { 0xF0, 0xE0, 0x80, 0xBF, 3 }, { 0xE0, 0xC0, 0x80, 0xBF, 2 },
        { 0xFC, 0xF0, 0x80, 0xBF, 4 },
    };
    if (at[0] < 0x80)
        return at[0] >= 0x20 && at[0] != 0x7F ? 1 : 0;
    if (at[0] < 0xC2)
        return 0; /* A later byte, or an overlong form. */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((at[0] & rows[i].mask) != rows[i].lead)
            continue;
        bool is_whole = rows[i].size <= left && at[1] >= rows[i].least &&
                        at[1] <= rows[i].most;
        for (size_t k = 2; is_whole && k < rows[i].size; k++)
            is_whole = (at[k] & 0xC0) == 0x80;
        return is_whole ? rows[i].size : 0;
    }
    return 0;
}

static bool is_text(struct slice text)
{
    for (size_t at = 0, size; at < text.size; at += size) {
        size = character_size((const uint8_t *)text.ptr + at, text.size - at);
        if (size == 0)
            return false;
    }
    return true;
}

static bool is_in_range(const struct mytel_tag *row, uint64_t number)
{
    if (row->tag == TAG_FINAL_STATE)
        return number == 1 || number == 9;
    return row->largest == 0 || (number >= row->smallest && number <= row->largest);
}

static enum values_flaw check_list(struct slice list, int depth);

static enum values_flaw check_value(const struct mytel_tag *row, struct slice value,
                                    int depth)
{
    bool is_fine = true;
    if (value.size < row->least || value.size > row->most)
        return VALUES_MALFORMED;
    switch ((enum tag_kind)row->kind) {
    case KIND_CONTAINER:
        return check_list(value, depth + 1);
    case KIND_NUMBER:
        is_fine = is_in_range(row, number_of(value));
        break;
    case KIND_DIGITS:
        is_fine = is_digits(value);
        break;
    case KIND_TEXT:
        is_fine = is_text(value);
        break;
    case KIND_BYTES:
        break;
    }
    return is_fine ? VALUES_FINE : VALUES_BAD;
}

/* ---- lists ---- */

/* Cuts the first value off. False: it reaches past the list. */
static bool next_value(struct slice *list, unsigned *ret_tag, struct slice *ret)
{
    if (list->size < VALUE_HEAD)
        return false;
    size_t size = number_of(slice_bytes(list->ptr + 2, 2));
    *ret_tag = (unsigned)number_of(slice_bytes(list->ptr, 2));
    if (list->size - VALUE_HEAD < size)
        return false;
    *ret = slice_bytes(list->ptr + VALUE_HEAD, size);
    list->ptr += VALUE_HEAD + size;
    list->size -= VALUE_HEAD + size;
    return true;
}

static enum values_flaw check_list(struct slice list, int depth)
{
    enum values_flaw worst = VALUES_FINE;
    uint64_t seen = 0;
    if (depth > DEPTH_MOST)
        return VALUES_MALFORMED;
    while (list.size > 0) {
        struct slice value;
        unsigned tag;
        if (!next_value(&list, &tag, &value))
            return VALUES_MALFORMED;
        const struct mytel_tag *row = mytel_tag(tag & ~(unsigned)CRITICAL);
        enum values_flaw flaw = VALUES_FINE;
        if (row != NULL) {
            uint64_t bit = UINT64_C(1) << mytel_tag_index(row);
            bool is_twice = (seen & bit) != 0 && !row->is_list;
            flaw = is_twice ? VALUES_MALFORMED : check_value(row, value, depth);
            seen |= bit;
        } else if ((tag & CRITICAL) != 0) {
            flaw = VALUES_CRITICAL;
        }
        worst = flaw > worst ? flaw : worst;
    }
    return worst;
}

enum values_flaw values_check(struct slice list)
{
    return check_list(list, 0);
}

bool values_find(struct slice list, unsigned tag, struct slice *ret)
{
    unsigned found;
    while (next_value(&list, &found, ret))
        if ((found & ~(unsigned)CRITICAL) == tag)
            return true;
    return false;
}

bool values_has(struct slice list, unsigned tag)
{
    struct slice value;
    return values_find(list, tag, &value);
}

uint64_t values_number(struct slice list, unsigned tag)
{
    struct slice value;
    return values_find(list, tag, &value) ? number_of(value) : 0;
}

struct slice values_text(struct slice list, unsigned tag)
{
    struct slice value;
    return values_find(list, tag, &value) ? value : slice_of("");
}
