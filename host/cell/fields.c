#include "cell/fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct taker taker_of(struct slice payload, struct arena *arena, struct err *err)
{
    return (
        struct taker){ .reader = wire_reader_of(payload), .arena = arena, .err = err };
}

bool taker_break(struct taker *taker, const char *format, ...)
{
    if (taker->broken)
        return false;
    char text[256];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    taker->broken = true;
    taker->reader.failed = true;
    return err_set(taker->err, ERR_CORRUPT, "%s", length < 0 ? "broken" : text);
}

bool taker_done(struct taker *taker)
{
    if (!wire_done(&taker->reader))
        taker_break(taker, taker->reader.failed ? "the payload ends too early"
                                                : "the payload has bytes left over");
    return !taker->broken;
}

int32_t take_number(struct taker *taker, const char *name, int32_t least, int32_t most)
{
    int32_t number = (int32_t)wire_u32(&taker->reader);
    if (!taker->reader.failed && (number < least || number > most))
        taker_break(taker, "%s is %d, not %d to %d", name, number, least, most);
    return taker->reader.failed ? 0 : number;
}

int64_t take_i64(struct taker *taker, const char *name, int64_t least)
{
    int64_t number = (int64_t)wire_u64(&taker->reader);
    if (!taker->reader.failed && number < least)
        taker_break(taker, "%s is %lld, less than %lld", name, (long long)number,
                    (long long)least);
    return taker->reader.failed ? 0 : number;
}

static struct esim_bytes take_sized(struct taker *taker, const char *name, size_t least,
                                    size_t most)
{
    struct slice bytes = wire_bytes(&taker->reader);
    if (!taker->reader.failed && (bytes.size < least || bytes.size > most))
        taker_break(taker, "%s has %zu bytes, not %zu to %zu", name, bytes.size, least,
                    most);
    if (taker->reader.failed)
        return (struct esim_bytes){ NULL, 0 };
    return (struct esim_bytes){ bytes.ptr, bytes.size };
}

struct esim_bytes take_bytes(struct taker *taker, const char *name, size_t most)
{
    return take_sized(taker, name, 0, most);
}

/* The length of the UTF-8 character at `at`, 0 when it is none (RFC 3629 section 4). */
static size_t character(const uint8_t *at, size_t left)
{
    static const struct {
        uint8_t first_least, first_most, second_least, second_most, length;
    } forms[] = {
        { 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
        { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
        { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
        { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };
    size_t row = 0;
    while (row < sizeof forms / sizeof forms[0] && at[0] > forms[row].first_most)
        row++;
    if (row == sizeof forms / sizeof forms[0] || at[0] < forms[row].first_least ||
        left < forms[row].length)
        return 0;
    size_t length = forms[row].length;
    if (length > 1 &&
        (at[1] < forms[row].second_least || at[1] > forms[row].second_most))
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

static bool is_alnum(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool fits(uint8_t c, enum text_rule rule)
{
    switch (rule) {
    case TEXT_WORDS:
        return c >= 0x20 && c != 0x7f;
    case TEXT_NAME:
        return fits(c, TEXT_LABEL) && !(c >= 'A' && c <= 'Z');
    case TEXT_LABEL:
        return c != 0 && (is_alnum(c) || strchr("_-.", c) != NULL);
    case TEXT_PATH:
        return c > 0x20 && c < 0x7f;
    case TEXT_TOKEN:
        return c != 0 && (is_alnum(c) || strchr("!#$%&'*+-.^_`|~", c) != NULL);
    }
    return false;
}

struct esim_bytes take_text(struct taker *taker, const char *name, enum text_rule rule,
                            size_t least, size_t most)
{
    struct esim_bytes text = take_sized(taker, name, least, most);
    const uint8_t *at = (const uint8_t *)text.ptr;
    for (size_t i = 0; i < text.size;) {
        size_t length = character(at + i, text.size - i);
        if (length == 0 || !fits(at[i], rule)) {
            taker_break(taker, "%s may not hold byte 0x%02x at %zu", name, at[i], i);
            break;
        }
        i += length;
    }
    if (rule == TEXT_PATH && text.size > 0 && text.ptr[0] != '/')
        taker_break(taker, "%s does not begin with /", name);
    return taker->reader.failed ? (struct esim_bytes){ NULL, 0 } : text;
}

void *take_room(struct taker *taker, uint32_t count, size_t element_bytes)
{
    if (taker->reader.failed || count == 0)
        return NULL;
    void *room = arena_alloc(taker->arena, count * element_bytes);
    if (room == NULL)
        taker_break(taker, "no memory for %u elements", count);
    return room;
}

const struct esim_header *take_headers(struct taker *taker, uint64_t *ret_count)
{
    uint32_t count = (uint32_t)take_number(taker, "header count", 0, HEADERS_MAX);
    struct esim_header *headers = take_room(taker, count, sizeof *headers);
    *ret_count = 0;
    for (uint32_t i = 0; headers != NULL && i < count; i++) {
        headers[i].name = take_text(taker, "header name", TEXT_TOKEN, 1, 256);
        headers[i].value = take_bytes(taker, "header value", HEADER_BYTES_MAX);
        const char *value = headers[i].value.ptr;
        size_t size = headers[i].value.size;
        if (size > 0 && (memchr(value, '\r', size) || memchr(value, '\n', size) ||
                         memchr(value, '\0', size)))
            taker_break(taker, "a header value has a line end or a NUL");
    }
    if (taker->reader.failed)
        return NULL;
    *ret_count = count;
    return headers;
}

void put_bytes(struct buf *ret, struct esim_bytes bytes)
{
    wire_put_bytes(ret, slice_bytes(bytes.ptr, bytes.size));
}

void put_i64(struct buf *ret, int64_t number)
{
    wire_put_u64(ret, (uint64_t)number);
}

void put_headers(struct buf *ret, const struct esim_header *headers, uint64_t count)
{
    wire_put_u32(ret, count > UINT32_MAX ? UINT32_MAX : (uint32_t)count);
    for (uint64_t i = 0; i < count && buf_ok(ret); i++) {
        put_bytes(ret, headers[i].name);
        put_bytes(ret, headers[i].value);
    }
}
