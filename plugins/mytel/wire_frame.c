#include "wire_frame.h"

#include <stdbool.h>
#include <string.h>

#include "wire_bytes.h"
#include "wire_crc32c.h"

static const uint8_t magic[2] = { 0x4D, 0x59 };

int64_t mytel_frame_length(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    if (size < FRAME_CUT_BYTES)
        return 0;
    uint32_t length = (uint32_t)be_get(at + 4, 4);
    bool fits = memcmp(at, magic, sizeof magic) == 0 && length >= FRAME_LEAST &&
                length <= FRAME_MOST;
    return fits ? (int64_t)length : -1;
}

enum close_reason mytel_frame_read(const void *bytes, size_t size,
                                   struct mytel_frame *ret)
{
    const uint8_t *at = bytes;
    if (size < FRAME_LEAST || mytel_frame_length(bytes, size) != (int64_t)size)
        return CLOSE_BAD_LENGTH;
    size_t summed = size - FRAME_CRC_BYTES;
    if (mytel_crc32c(at, summed) != be_get(at + summed, FRAME_CRC_BYTES))
        return CLOSE_BAD_CHECKSUM;
    *ret = (struct mytel_frame){
        .version = at[2],
        .type = at[3],
        .sequence = (uint32_t)be_get(at + 8, 4),
        .answers = (uint32_t)be_get(at + 12, 4),
        .body = at + FRAME_HEAD_BYTES,
        .body_size = size - FRAME_LEAST,
    };
    return CLOSE_NONE;
}

size_t mytel_frame_write(const struct mytel_frame *frame, void *ret, size_t room)
{
    uint8_t *at = ret;
    if (frame->body_size > FRAME_MOST - FRAME_LEAST ||
        room < FRAME_LEAST + frame->body_size)
        return 0;
    size_t size = FRAME_LEAST + frame->body_size;
    memcpy(at, magic, sizeof magic);
    at[2] = frame->version;
    at[3] = frame->type;
    be_put(at + 4, size, 4);
    be_put(at + 8, frame->sequence, 4);
    be_put(at + 12, frame->answers, 4);
    if (frame->body_size > 0)
        memcpy(at + FRAME_HEAD_BYTES, frame->body, frame->body_size);
    size_t summed = size - FRAME_CRC_BYTES;
    be_put(at + summed, mytel_crc32c(at, summed), FRAME_CRC_BYTES);
    return size;
}
