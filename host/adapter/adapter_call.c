/* One call into an adapter's cell, encoded and decoded. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "adapter/adapter.h"
#include "base/memory.h"
#include "cell/step_codec.h"

enum { STEP_BYTES_MAX = 10 << 20 };

struct step_call {
    adapter_step_done step_done;
    adapter_inbound_done inbound_done;
    void *arg;
};

static const char *reply_reason(enum cell_end end, struct slice reply, char *ret,
                                size_t size)
{
    int length = reply.size == 0
                     ? snprintf(ret, size, "the adapter's cell %s", cell_end_name(end))
                     : snprintf(ret, size, "%s: %.*s", cell_end_name(end),
                                (int)(reply.size > 200 ? 200 : reply.size), reply.ptr);
    assert(length > 0);
    return ret;
}

static void on_step_answer(void *arg, enum cell_end end, struct slice reply)
{
    struct step_call *call = arg;
    struct esim_answer answer;
    struct err err = ERR_INIT;
    char reason[256];
    struct arena *arena = arena_create(1 << 20);
    if (end != CELL_ANSWERED) {
        call->step_done(call->arg, NULL, end,
                        reply_reason(end, reply, reason, sizeof reason));
    } else if (arena == NULL || !answer_decode(reply, arena, &answer, &err)) {
        call->step_done(call->arg, NULL, CELL_GARBAGE, err.text);
    } else {
        call->step_done(call->arg, &answer, end, "");
    }
    arena_destroy(&arena);
    free(call);
}

static struct step_call *call_create(void *arg)
{
    struct step_call *call = calloc(1, sizeof *call);
    memory_need(call != NULL);
    call->arg = arg;
    return call;
}

void adapter_step(struct adapter *adapter, const struct esim_step *step,
                  adapter_step_done done, void *arg)
{
    struct step_call *call = call_create(arg);
    call->step_done = done;
    struct buf payload;
    buf_init(&payload, STEP_BYTES_MAX);
    step_encode(step, &payload);
    if (cell_call(adapter_cell(adapter), WIRE_STEP, buf_slice(&payload), on_step_answer,
                  call) == 0)
        on_step_answer(call, CELL_DOWN, SLICE_LITERAL("no memory for the call"));
    buf_finish_secret(&payload);
}

static void on_inbound_answer(void *arg, enum cell_end end, struct slice reply)
{
    struct step_call *call = arg;
    struct esim_response response;
    struct err err = ERR_INIT;
    char reason[256];
    struct arena *arena = arena_create(1 << 20);
    if (end != CELL_ANSWERED) {
        call->inbound_done(call->arg, NULL, end,
                           reply_reason(end, reply, reason, sizeof reason));
    } else if (arena == NULL || !response_decode(reply, arena, &response, &err)) {
        call->inbound_done(call->arg, NULL, CELL_GARBAGE, err.text);
    } else {
        call->inbound_done(call->arg, &response, end, "");
    }
    arena_destroy(&arena);
    free(call);
}

void adapter_inbound(struct adapter *adapter, const struct esim_request *request,
                     adapter_inbound_done done, void *arg)
{
    struct step_call *call = call_create(arg);
    call->inbound_done = done;
    struct buf payload;
    buf_init(&payload, STEP_BYTES_MAX);
    request_encode(request, &payload);
    if (cell_call(adapter_cell(adapter), WIRE_INBOUND, buf_slice(&payload),
                  on_inbound_answer, call) == 0)
        on_inbound_answer(call, CELL_DOWN, SLICE_LITERAL("no memory for the call"));
    buf_finish(&payload);
}
