/* A flow's answer as the host reads it. What is accepted must keep the rules of flow.h,
 * and must come back the same when it is written and read again. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cell/step_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_rules(const struct esim_answer *answer)
{
    bool is_end = answer->action == ESIM_END;
    assert(answer->action >= ESIM_ASK && answer->action <= ESIM_END);
    assert(answer->state.size <= 64 << 10);
    assert((answer->outcome != 0) == is_end);
    assert((answer->problem.code.size > 0) == (is_end && answer->outcome != ESIM_DONE));
    assert(answer->result.size == 0 || answer->outcome == ESIM_DONE);
    assert((answer->ask.path.size > 0) == (answer->action == ESIM_ASK));
    assert((answer->send.key.size > 0) == (answer->action == ESIM_SEND));
    assert((answer->key.size > 0) == (answer->action == ESIM_AWAIT));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = ERR_INIT;
    struct esim_answer answer;
    struct arena *arena = arena_create(1 << 20);
    struct buf again;
    buf_init(&again, 32 << 20);
    if (arena != NULL && answer_decode(slice_bytes(data, size), arena, &answer, &err)) {
        check_rules(&answer);
        answer_encode(&answer, &again);
        assert(buf_ok(&again) && again.size == size);
        assert(memcmp(again.ptr, data, size) == 0);
    }
    buf_finish(&again);
    arena_destroy(&arena);
    return 0;
}
