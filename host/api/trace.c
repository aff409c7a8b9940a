#include "api/trace.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "crypto/digest.h"

enum { TRACE_LENGTH = 55, TRACE_ID_AT = 3, SPAN_ID_AT = 36, FLAGS_AT = 53 };

static bool is_hex_not_zero(const char *text, size_t size)
{
    bool some = false;
    for (size_t i = 0; i < size; i++) {
        if ((text[i] < '0' || text[i] > '9') && (text[i] < 'a' || text[i] > 'f'))
            return false;
        some |= text[i] != '0';
    }
    return some;
}

/* Trace Context 3.2: lower-case hex, four fields, version ff is forbidden; we read 00. */
static bool is_well_formed(struct slice text)
{
    return text.size == TRACE_LENGTH && memcmp(text.ptr, "00-", 3) == 0 &&
           text.ptr[SPAN_ID_AT - 1] == '-' && text.ptr[FLAGS_AT - 1] == '-' &&
           is_hex_not_zero(text.ptr + TRACE_ID_AT, 32) &&
           is_hex_not_zero(text.ptr + SPAN_ID_AT, 16) &&
           (is_hex_not_zero(text.ptr + FLAGS_AT, 2) ||
            memcmp(text.ptr + FLAGS_AT, "00", 2) == 0);
}

void trace_child(struct slice incoming, char ret[56])
{
    uint8_t random[24];
    char digits[2 * sizeof random + 1];
    id_random(random, sizeof random);
    hex_text(random, sizeof random, digits);
    memcpy(ret, "00-", 3);
    memcpy(ret + TRACE_ID_AT, digits, 32);
    memcpy(ret + FLAGS_AT, "01", 3);
    if (is_well_formed(incoming)) {
        memcpy(ret + TRACE_ID_AT, incoming.ptr + TRACE_ID_AT, 32);
        memcpy(ret + FLAGS_AT, incoming.ptr + FLAGS_AT, 2);
    }
    ret[SPAN_ID_AT - 1] = '-';
    memcpy(ret + SPAN_ID_AT, digits + 32, 16);
    ret[FLAGS_AT - 1] = '-';
}
