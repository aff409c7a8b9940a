#include "wire_tlv.h"

#include <string.h>

#include "wire_bytes.h"

/* ---- reading ---- */

/* As mytel_tlv_next, with the critical bit. */
static bool next_raw(struct tlv_list *list, uint16_t *ret_tag, struct tlv_list *ret)
{
    if (list->size < TLV_HEAD_BYTES)
        return false;
    size_t size = (size_t)be_get(list->ptr + 2, 2);
    if (size > list->size - TLV_HEAD_BYTES)
        return false;
    *ret_tag = (uint16_t)be_get(list->ptr, 2);
    *ret = (struct tlv_list){ list->ptr + TLV_HEAD_BYTES, size };
    list->ptr += TLV_HEAD_BYTES + size;
    list->size -= TLV_HEAD_BYTES + size;
    return true;
}

bool mytel_tlv_next(struct tlv_list *list, uint16_t *ret_tag, struct tlv_list *ret)
{
    if (!next_raw(list, ret_tag, ret))
        return false;
    *ret_tag &= (uint16_t)~TAG_CRITICAL;
    return true;
}

bool mytel_tlv_find(struct tlv_list list, uint16_t tag, struct tlv_list *ret)
{
    uint16_t found;
    struct tlv_list value;
    while (mytel_tlv_next(&list, &found, &value)) {
        if (found != tag)
            continue;
        *ret = value;
        return true;
    }
    return false;
}

bool mytel_tlv_number(struct tlv_list list, uint16_t tag, uint64_t *ret)
{
    struct tlv_list value;
    if (!mytel_tlv_find(list, tag, &value) || value.size > sizeof *ret)
        return false;
    *ret = be_get(value.ptr, value.size);
    return true;
}

/* ---- checking ---- */

/* Well-formed UTF-8 by its first byte (Unicode, table 3-7): no overlong form, no
 * surrogate, nothing above U+10FFFF; and no control character of ASCII. */
/* clang-format off */
static const struct {
    uint8_t first_least, first_most;
    uint8_t second_least, second_most;
    uint8_t size;
} characters[] = {
    { 0x20, 0x7E, 0x00, 0x00, 1 },
    { 0xC2, 0xDF, 0x80, 0xBF, 2 },
    { 0xE0, 0xE0, 0xA0, 0xBF, 3 },
    { 0xE1, 0xEC, 0x80, 0xBF, 3 },
    { 0xED, 0xED, 0x80, 0x9F, 3 },
    { 0xEE, 0xEF, 0x80, 0xBF, 3 },
    { 0xF0, 0xF0, 0x90, 0xBF, 4 },
    { 0xF1, 0xF3, 0x80, 0xBF, 4 },
    { 0xF4, 0xF4, 0x80, 0x8F, 4 },
};
/* clang-format on */

static bool goes_on(const uint8_t *at, size_t row)
{
    size_t size = characters[row].size;
    bool fits = size == 1 || (at[1] >= characters[row].second_least &&
                              at[1] <= characters[row].second_most);
    for (size_t i = 2; i < size; i++)
        fits = fits && (at[i] & 0xC0) == 0x80;
    return fits;
}

/* The size of the character that begins here; 0 when none does. */
static size_t character_size(struct tlv_list text)
{
    for (size_t i = 0; i < sizeof characters / sizeof characters[0]; i++)
        if (text.ptr[0] >= characters[i].first_least &&
            text.ptr[0] <= characters[i].first_most)
            return characters[i].size <= text.size && goes_on(text.ptr, i)
                       ? characters[i].size
                       : 0;
    return 0;
}

static bool is_text(struct tlv_list value)
{
    while (value.size > 0) {
        size_t size = character_size(value);
        if (size == 0)
            return false;
        value.ptr += size;
        value.size -= size;
    }
    return true;
}

static bool is_digits(struct tlv_list value)
{
    for (size_t i = 0; i < value.size; i++)
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return false;
    return true;
}

static bool is_in_range(const struct tag_row *row, struct tlv_list value)
{
    uint64_t number = be_get(value.ptr, value.size);
    return value.size == sizeof number || (number >= row->least && number <= row->most);
}

enum { TOP_ONLY = TLV_DEPTH_MOST + 1 }; /* As a depth: containers are not entered. */

static enum tlv_fault check_list(struct tlv_list list, unsigned depth,
                                 uint16_t *ret_tag);

static enum tlv_fault check_container(struct tlv_list value, unsigned depth,
                                      uint16_t *ret_tag)
{
    if (depth == TOP_ONLY)
        return TLV_SOUND;
    return depth < TLV_DEPTH_MOST ? check_list(value, depth + 1, ret_tag)
                                  : TLV_MALFORMED;
}

static enum tlv_fault check_value(const struct tag_row *row, struct tlv_list value,
                                  unsigned depth, uint16_t *ret_tag)
{
    bool fits = true;
    if (value.size < row->bytes_least || value.size > row->bytes_most)
        return TLV_MALFORMED;
    if (row->kind == KIND_LIST)
        return check_container(value, depth, ret_tag);
    if (row->kind == KIND_NUMBER)
        fits = is_in_range(row, value);
    else if (row->kind == KIND_TEXT)
        fits = is_text(value);
    else if (row->kind == KIND_DIGITS)
        fits = is_digits(value);
    return fits ? TLV_SOUND : TLV_BAD_VALUE;
}

static enum tlv_fault check_tag(uint16_t tag, struct tlv_list value, unsigned depth,
                                uint64_t *seen, uint16_t *ret_tag)
{
    const struct tag_row *row = mytel_tag_row(tag & (uint16_t)~TAG_CRITICAL);
    if (row == NULL)
        return tag & TAG_CRITICAL ? TLV_UNKNOWN_CRITICAL : TLV_SOUND;
    uint64_t mark = UINT64_C(1) << mytel_tag_index(row);
    if ((*seen & mark) != 0 && !row->repeats)
        return TLV_MALFORMED;
    *seen |= mark;
    return check_value(row, value, depth, ret_tag);
}

/* Containers inside containers are at most TLV_DEPTH_MOST: the recursion is bounded. */
static enum tlv_fault check_list(struct tlv_list list, unsigned depth,
                                 uint16_t *ret_tag)
{
    uint16_t tag = 0;
    uint64_t seen = 0;
    struct tlv_list value;
    while (next_raw(&list, &tag, &value)) {
        uint16_t inner = tag & (uint16_t)~TAG_CRITICAL;
        enum tlv_fault fault = check_tag(tag, value, depth, &seen, &inner);
        if (fault == TLV_SOUND)
            continue;
        *ret_tag = inner;
        return fault;
    }
    return list.size == 0 ? TLV_SOUND : TLV_MALFORMED;
}

enum tlv_fault mytel_tlv_check(struct tlv_list list, uint16_t *ret_tag)
{
    return check_list(list, 0, ret_tag);
}

enum tlv_fault mytel_tlv_check_top(struct tlv_list list, uint16_t *ret_tag)
{
    return check_list(list, TOP_ONLY, ret_tag);
}

/* ---- writing ---- */

static uint8_t *put_head(struct tlv_out *out, uint16_t tag, size_t size)
{
    if (out->full || size > UINT16_MAX ||
        size + TLV_HEAD_BYTES > out->room - out->size) {
        out->full = true;
        return NULL;
    }
    uint8_t *at = out->bytes + out->size;
    be_put(at, tag, 2);
    be_put(at + 2, size, 2);
    out->size += TLV_HEAD_BYTES + size;
    return at + TLV_HEAD_BYTES;
}

void mytel_tlv_put(struct tlv_out *out, uint16_t tag, const void *bytes, size_t size)
{
    uint8_t *at = put_head(out, tag, size);
    if (at != NULL && size > 0)
        memcpy(at, bytes, size);
}

void mytel_tlv_put_number(struct tlv_out *out, uint16_t tag, uint64_t number)
{
    const struct tag_row *row = mytel_tag_row(tag & (uint16_t)~TAG_CRITICAL);
    uint8_t bytes[8];
    if (row == NULL || row->bytes_most > sizeof bytes) {
        out->full = true;
        return;
    }
    be_put(bytes, number, row->bytes_most);
    mytel_tlv_put(out, tag, bytes, row->bytes_most);
}

size_t mytel_tlv_open(struct tlv_out *out, uint16_t tag)
{
    size_t mark = out->size;
    put_head(out, tag, 0);
    return mark;
}

void mytel_tlv_close(struct tlv_out *out, size_t mark)
{
    size_t size = out->size - mark;
    if (out->full || size < TLV_HEAD_BYTES || size - TLV_HEAD_BYTES > UINT16_MAX)
        out->full = true;
    else
        be_put(out->bytes + mark + 2, size - TLV_HEAD_BYTES, 2);
}
