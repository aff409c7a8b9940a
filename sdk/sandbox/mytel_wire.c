/* Frames, and the writing of values. mytel_values.c reads them. */
#include "mytel_wire.h"

#include <arpa/inet.h>
#include <string.h>

#include "mytel_tags.h"

enum { MAGIC = 0x4D59, VERSION = 1 };

/* ---- the checksum ---- */

/* RFC 3720 B.4: reflected, the polynomial 0x1EDC6F41. */
static uint32_t shifted_out(uint32_t byte)
{
    for (int bit = 0; bit < 8; bit++)
        byte = (byte & 1) != 0 ? byte >> 1 ^ 0x82F63B78 : byte >> 1;
    return byte;
}

uint32_t frame_checksum(struct slice bytes)
{
    static uint32_t table[256];
    uint32_t rest = UINT32_MAX;
    for (uint32_t i = 0; table[1] == 0 && i < 256; i++)
        table[255 - i] = shifted_out(255 - i);
    for (size_t i = 0; i < bytes.size; i++)
        rest = rest >> 8 ^ table[(rest ^ (uint8_t)bytes.ptr[i]) & 0xFF];
    return ~rest;
}

/* ---- frames ---- */

static uint32_t u32_at(const void *bytes, size_t at)
{
    uint32_t number;
    memcpy(&number, (const char *)bytes + at, sizeof number);
    return ntohl(number);
}

static void set_u32(void *bytes, size_t at, uint32_t number)
{
    number = htonl(number);
    memcpy((char *)bytes + at, &number, sizeof number);
}

int64_t frame_length(struct slice bytes)
{
    if (bytes.size < 8)
        return 0;
    uint32_t length = u32_at(bytes.ptr, 4);
    bool is_ours = u32_at(bytes.ptr, 0) >> 16 == MAGIC;
    bool is_frame = is_ours && length >= FRAME_LEAST && length <= FRAME_MOST;
    return is_frame ? (int64_t)length : -1;
}

struct frame frame_read(struct slice whole)
{
    size_t end = whole.size - 4;
    return (struct frame){
        .version = (uint8_t)whole.ptr[2],
        .type = (uint8_t)whole.ptr[3],
        .length = u32_at(whole.ptr, 4),
        .sequence = u32_at(whole.ptr, 8),
        .answers = u32_at(whole.ptr, 12),
        .body = slice_bytes(whole.ptr + FRAME_HEAD, end - FRAME_HEAD),
        .is_sound = frame_checksum(slice_bytes(whole.ptr, end)) ==
                    u32_at(whole.ptr, end),
    };
}

void frame_begin(struct buf *out, enum frame_type type, uint32_t answers)
{
    char head[FRAME_HEAD] = { MAGIC >> 8, MAGIC & 0xFF, VERSION, (char)type };
    set_u32(head, 12, answers);
    buf_clear(out);
    buf_add(out, head, sizeof head);
}

void frame_end(struct buf *out)
{
    buf_add(out, "\0\0\0", 4);
    if (buf_ok(out))
        set_u32(out->ptr, 4, (uint32_t)out->size);
}

void frame_stamp(void *bytes, size_t size, uint32_t sequence)
{
    set_u32(bytes, 8, sequence);
    set_u32(bytes, size - 4, frame_checksum(slice_bytes(bytes, size - 4)));
}

/* ---- values ---- */

static void put_u16(struct buf *out, size_t number)
{
    const uint16_t wire = htons((uint16_t)number);
    buf_add(out, &wire, sizeof wire);
}

void values_put(struct buf *out, unsigned tag, struct slice value)
{
    put_u16(out, tag);
    put_u16(out, value.size);
    buf_add_slice(out, value);
}

void values_put_number(struct buf *out, unsigned tag, uint64_t number)
{
    char bytes[8];
    size_t size = mytel_tag(tag)->most;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(number >> 8 * (size - 1 - i));
    values_put(out, tag, slice_bytes(bytes, size));
}

void values_put_text(struct buf *out, unsigned tag, const char *text)
{
    if (text[0] != '\0')
        values_put(out, tag, slice_of(text));
}

size_t values_open(struct buf *out, unsigned tag)
{
    values_put(out, tag, slice_of(""));
    return out->size;
}

void values_close(struct buf *out, size_t opened)
{
    size_t size = out->size - opened;
    if (!buf_ok(out))
        return;
    out->ptr[opened - 2] = (char)(size >> 8);
    out->ptr[opened - 1] = (char)size;
}
