#include "cell/wire.h"

static void put_le(uint8_t *ret, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ret[i] = (uint8_t)(number >> (8 * i));
}

static uint64_t get_le(const uint8_t *bytes, size_t count)
{
    uint64_t number = 0;
    for (size_t i = 0; i < count; i++)
        number |= (uint64_t)bytes[i] << (8 * i);
    return number;
}

void wire_head_write(const struct wire_head *head, uint8_t ret[WIRE_HEAD_BYTES])
{
    put_le(ret, head->size, 4);
    put_le(ret + 4, head->kind, 4);
    put_le(ret + 8, head->call, 8);
}

struct wire_head wire_head_read(const uint8_t bytes[WIRE_HEAD_BYTES])
{
    return (struct wire_head){
        .size = (uint32_t)get_le(bytes, 4),
        .kind = (uint32_t)get_le(bytes + 4, 4),
        .call = get_le(bytes + 8, 8),
    };
}

void wire_put_u32(struct buf *ret, uint32_t number)
{
    uint8_t bytes[4];
    put_le(bytes, number, sizeof bytes);
    buf_add(ret, bytes, sizeof bytes);
}

void wire_put_u64(struct buf *ret, uint64_t number)
{
    uint8_t bytes[8];
    put_le(bytes, number, sizeof bytes);
    buf_add(ret, bytes, sizeof bytes);
}

void wire_put_bytes(struct buf *ret, struct slice bytes)
{
    if (bytes.size > UINT32_MAX) {
        ret->failed = true; /* Its length cannot be written down. */
        return;
    }
    wire_put_u32(ret, (uint32_t)bytes.size);
    buf_add_slice(ret, bytes);
}

struct wire_reader wire_reader_of(struct slice payload)
{
    return (struct wire_reader){ .rest = payload };
}

/* The next `size` bytes, or NULL and a failed reader. */
static const uint8_t *take(struct wire_reader *reader, size_t size)
{
    if (reader->failed || size > reader->rest.size) {
        reader->failed = true;
        return NULL;
    }
    const char *taken = reader->rest.ptr;
    if (size > 0)
        reader->rest = (struct slice){ taken + size, reader->rest.size - size };
    return (const uint8_t *)taken;
}

uint32_t wire_u32(struct wire_reader *reader)
{
    const uint8_t *bytes = take(reader, 4);
    return bytes == NULL ? 0 : (uint32_t)get_le(bytes, 4);
}

uint64_t wire_u64(struct wire_reader *reader)
{
    const uint8_t *bytes = take(reader, 8);
    return bytes == NULL ? 0 : get_le(bytes, 8);
}

struct slice wire_bytes(struct wire_reader *reader)
{
    uint32_t size = wire_u32(reader);
    const uint8_t *bytes = take(reader, size);
    return reader->failed ? (struct slice){ NULL, 0 } : slice_bytes(bytes, size);
}

bool wire_done(const struct wire_reader *reader)
{
    return !reader->failed && reader->rest.size == 0;
}
