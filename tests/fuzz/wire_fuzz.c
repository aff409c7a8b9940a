/* What a cell sends, read by the host: frames cut from a stream, then every decoder. */
#include <stddef.h>
#include <stdint.h>

#include "cell/step_codec.h"
#include "cell/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode_all(struct slice payload, struct arena *arena)
{
    struct err err = ERR_INIT;
    struct esim_session_answer session;
    struct esim_response response;
    struct esim_request request;
    struct esim_about about;
    struct esim_step step;
    struct esim_session_step session_step;
    struct cell_session sessions[2];
    struct slice name;
    uint32_t count;
    session_answer_decode(payload, arena, &session, &err);
    response_decode(payload, arena, &response, &err);
    request_decode(payload, arena, &request, &err);
    step_decode(payload, arena, &step, &err);
    session_step_decode(payload, &name, &session_step, &err);
    about_decode(payload, &about, sessions, 2, &count, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(1 << 20);
    if (arena == NULL)
        return 0;
    decode_all(slice_bytes(data, size), arena);
    while (size >= WIRE_HEAD_BYTES) {
        struct wire_head head = wire_head_read(data);
        data += WIRE_HEAD_BYTES;
        size -= WIRE_HEAD_BYTES;
        if (head.size > size)
            break;
        decode_all(slice_bytes(data, head.size), arena);
        data += head.size;
        size -= head.size;
    }
    arena_destroy(&arena);
    return 0;
}
