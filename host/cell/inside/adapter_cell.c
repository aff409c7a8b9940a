/* esim-cell: runs one adapter, locked. Load, warm up, lock, say READY, then answer calls
 * one after the other until the host goes away or kills us. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cell/inside/adapter_load.h"
#include "cell/inside/lock.h"
#include "cell/inside/start.h"
#include "cell/inside/talk.h"

static struct adapter adapter;
static struct arena *arena; /* Of the present call; emptied after its answer. */
static struct buf out;      /* The present answer's payload. */

/* ---- what the adapter gets ---- */

static void *host_alloc(uint64_t size)
{
    return arena_alloc(arena, size);
}

static void host_log(esim_level level, struct esim_bytes text)
{
    talk_log((uint32_t)level, slice_bytes(text.ptr, text.size));
}

static const void *host_ability(const char *id)
{
    (void)id; /* None yet. */
    return NULL;
}

static const struct esim_host host = {
    .size = sizeof host,
    .abi = ESIM_ABI,
    .alloc = host_alloc,
    .log = host_log,
    .ability = host_ability,
};

/* ---- the calls; each fills `out`, or says why not ---- */

static bool do_step(struct slice payload, struct err *err)
{
    struct esim_step step;
    if (!step_decode(payload, arena, &step, err))
        return false;
    const struct esim_flow *flow = adapter_flow(
        &adapter, slice_bytes(step.capability.ptr, step.capability.size));
    if (flow == NULL)
        return err_set(err, ERR_INVALID, "the adapter has no flow for capability %.*s",
                       (int)step.capability.size, step.capability.ptr);
    struct esim_answer answer = { .size = sizeof answer };
    flow->step(&step, &answer);
    if (answer.state_version == 0)
        answer.state_version = adapter.about.state_newest;
    answer_encode(&answer, &out);
    return true;
}

/* Takes the version off the front of a session's state. A state of a version that this
 * adapter does not read ends the session, which is opened again. */
static bool take_state_version(struct esim_session_step *step, struct err *err)
{
    if (step->state.size == 0)
        return true;
    struct wire_reader reader = wire_reader_of(
        slice_bytes(step->state.ptr, step->state.size));
    step->state_version = wire_u32(&reader);
    step->state = (struct esim_bytes){ reader.rest.ptr, reader.rest.size };
    if (reader.failed || step->state_version < adapter.about.state_oldest ||
        step->state_version > adapter.about.state_newest)
        return err_set(err, ERR_INVALID,
                       "the session's state is of version %u, this adapter reads %u to "
                       "%u",
                       step->state_version, adapter.about.state_oldest,
                       adapter.about.state_newest);
    return true;
}

static bool put_state_version(struct esim_session_answer *answer)
{
    uint64_t size = answer->state.size;
    char *state = size > TALK_FRAME_BYTES
                      ? NULL
                      : arena_alloc(arena, size + SESSION_STATE_HEAD_BYTES);
    if (state == NULL)
        return false;
    for (size_t i = 0; i < SESSION_STATE_HEAD_BYTES; i++)
        state[i] = (char)(adapter.about.state_newest >> (8 * i));
    if (size > 0)
        memcpy(state + SESSION_STATE_HEAD_BYTES, answer->state.ptr, size);
    answer->state = (struct esim_bytes){ state, size + SESSION_STATE_HEAD_BYTES };
    return true;
}

static bool do_session(struct slice payload, struct err *err)
{
    struct slice name;
    struct esim_session_step step;
    if (!session_step_decode(payload, &name, &step, err))
        return false;
    const struct esim_session *session = adapter_session(&adapter, name);
    if (session == NULL)
        return err_set(err, ERR_INVALID, "the adapter has no session %.*s",
                       (int)name.size, name.ptr);
    if (!take_state_version(&step, err))
        return false;
    struct esim_session_answer answer = { .size = sizeof answer };
    session->step(&step, &answer);
    if (!put_state_version(&answer))
        return err_set(err, ERR_UNAVAILABLE, "no memory for the session's state");
    session_answer_encode(&answer, &out);
    return true;
}

static bool do_frame(struct slice payload, struct err *err)
{
    struct wire_reader reader = wire_reader_of(payload);
    struct slice name = wire_bytes(&reader);
    struct slice bytes = wire_bytes(&reader);
    const struct esim_session *session = adapter_session(&adapter, name);
    if (!wire_done(&reader) || session == NULL)
        return err_set(err, ERR_INVALID, "the adapter has no session %.*s",
                       (int)name.size, name.size == 0 ? "" : name.ptr);
    int64_t length = session->frame((struct esim_bytes){ bytes.ptr, bytes.size });
    wire_put_u64(&out, (uint64_t)length);
    return true;
}

static bool do_inbound(struct slice payload, struct err *err)
{
    struct esim_request request;
    if (adapter.inbound == NULL)
        return err_set(err, ERR_INVALID, "the adapter takes no callbacks");
    if (!request_decode(payload, arena, &request, err))
        return false;
    struct esim_response response = { .size = sizeof response };
    adapter.inbound->receive(&request, &response);
    response_encode(&response, &out);
    return true;
}

static bool do_check(struct slice payload, struct err *err)
{
    struct wire_reader reader = wire_reader_of(payload);
    struct slice settings = wire_bytes(&reader);
    if (!wire_done(&reader))
        return err_set(err, ERR_INVALID, "the settings to check are cut off");
    const struct esim_problem *problem =
        adapter.check == NULL ? NULL
                              : adapter.check->settings(
                                    (struct esim_bytes){ settings.ptr, settings.size });
    struct esim_bytes none = { NULL, 0 };
    struct esim_bytes field = problem == NULL ? none : problem->code;
    struct esim_bytes message = problem == NULL ? none : problem->message;
    wire_put_bytes(&out, slice_bytes(field.ptr, field.size));
    wire_put_bytes(&out, slice_bytes(message.ptr, message.size));
    return true;
}

static const struct {
    enum wire_kind kind;
    bool (*run)(struct slice payload, struct err *err);
} calls[] = {
    { WIRE_STEP, do_step },   { WIRE_SESSION, do_session },
    { WIRE_FRAME, do_frame }, { WIRE_INBOUND, do_inbound },
    { WIRE_CHECK, do_check },
};

static bool run(uint32_t kind, struct slice payload, struct err *err)
{
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (calls[i].kind == kind)
            return calls[i].run(payload, err);
    return err_set(err, ERR_INVALID, "an adapter cell knows no call of kind %u", kind);
}

static void answer_one(void)
{
    struct err err = ERR_INIT;
    struct slice payload;
    struct wire_head head = talk_read(&payload);
    bool ran = run(head.kind, payload, &err);
    if (ran && buf_ok(&out))
        talk_answer(buf_slice(&out));
    else
        talk_error(ran ? "the answer does not fit into memory" : err.text);
    buf_clear(&out);
    arena_reset(arena);
}

static void say_ready(void)
{
    struct cell_session sessions[ADAPTER_SESSIONS_MAX] = { 0 };
    for (uint32_t i = 0; i < adapter.session_count; i++) {
        const char *name = adapter.sessions[i].name;
        size_t length = strnlen(name, ESIM_NAME_SIZE - 1);
        memcpy(sessions[i].name, name, length);
        sessions[i].header_bytes = adapter.sessions[i].header_bytes;
    }
    about_encode(&adapter.about, sessions, adapter.session_count, &out);
    talk_write(WIRE_READY, 0, buf_slice(&out));
    buf_clear(&out);
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct start start = start_read(argc, argv);
    if (start.file_count != 1)
        talk_fail("an adapter cell takes one object, not %zu", start.file_count);
    if (!lock_begin(start.host, &err))
        talk_fail("%s", err.text);
    arena = arena_create(start.memory_bytes);
    if (arena == NULL)
        talk_fail("no memory for the first step");
    buf_init(&out, TALK_FRAME_BYTES);
    adapter_load(TALK_FILE_FD, &host, &adapter);
    arena_reset(arena);
    if (!lock_finish(start.memory_bytes, &err))
        talk_fail("%s", err.text);
    say_ready();
    for (;;)
        answer_one();
}
