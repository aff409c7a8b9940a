/* One call at a time: what the machine is told has an order, and each step needs the
 * state that the one before it returned. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/session_state.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/metric.h"
#include "cell/step_codec.h"

enum {
    TRIES_MAX = 3,  /* Of one step that costs a cell each time. */
    AGAIN_MS = 100, /* While there is no cell to ask; doubles. */
    AGAIN_MOST_MS = 5000,
    ACTS_WAITING_MAX = 1024 /* Then what follows waits too. */
};

static struct metric frames_total = { .kind = METRIC_COUNTER,
                                      .name = "esimd_session_frames_total",
                                      .help = "Frames received on kept sessions.",
                                      .label = "adapter",
                                      .label2 = "session" };
static struct metric faults_total = { .kind = METRIC_COUNTER,
                                      .name = "esimd_session_faults_total",
                                      .help = "Session steps that ended otherwise "
                                              "than with an answer.",
                                      .label = "adapter",
                                      .label2 = "end" };

static void ask(struct session *session);

/* ---- answers ---- */

static void forget_event(struct session *session)
{
    if (session->submit != NULL)
        buf_finish_secret(&session->submit->payload);
    session->submit = NULL;
    session->event = 0;
    session->cutting = false;
    session->tries = 0;
}

void session_stop_asking(struct session *session)
{
    if (session->asking)
        cell_forget(session->server.cell, session->call);
    session->asking = false;
    loop_timer_stop(session->again);
}

/* It cannot be told this. Without it the connection means nothing any more. */
static void give_up(struct session *session, const char *why)
{
    bool last = session->event == ESIM_CLOSED;
    log_line(LOG_ERROR, "session.step_failed", LOG_TEXT("session", session->conf.name),
             LOG_INT("told", session->event), LOG_TEXT("reason", why));
    forget_event(session);
    if (last)
        session_conclude(session);
    else
        session_hang_up(session, slice_of(why), 0);
    session_next(session);
}

static void ask_later(struct session *session)
{
    unsigned doubled = session->tries < 8 ? session->tries : 8;
    int64_t after_ms = (int64_t)AGAIN_MS << doubled;
    session->tries++;
    loop_timer_set(session->again, after_ms < AGAIN_MOST_MS ? after_ms : AGAIN_MOST_MS);
}

/* The process died, or spoke nonsense: the next one is asked the same. What the cell
 * itself refuses (CELL_ERROR: a state it cannot read), it refuses again. */
static void on_fault(struct session *session, enum cell_end end, const char *words)
{
    bool down = end == CELL_DOWN && session->event != ESIM_CLOSED;
    char why[SESSION_REASON_SIZE];
    metric_count(&faults_total, session->conf.adapter, cell_end_name(end));
    if (down) {
        ask_later(session);
        return;
    }
    if (end != CELL_ERROR && ++session->tries < TRIES_MAX) {
        ask(session);
        return;
    }
    int length = snprintf(why, sizeof why, "the adapter's cell: %s: %.140s",
                          cell_end_name(end), words);
    assert(length > 0);
    give_up(session, why);
}

/* What was told is done with; then what came of it. */
static void take_answer(struct session *session,
                        const struct esim_session_answer *answer)
{
    bool last = session->event == ESIM_CLOSED;
    if (session->event == ESIM_FRAME) {
        buf_drop(&session->in, (size_t)session->frame_bytes);
        session->frame_bytes = 0;
    }
    forget_event(session);
    buf_clear(&session->machine);
    buf_add(&session->machine, answer->state.ptr, answer->state.size);
    session_carry_out(session, answer->acts, answer->act_count);
    if (last)
        session_conclude(session);
}

static void on_step(void *arg, enum cell_end end, struct slice reply)
{
    struct session *session = arg;
    struct esim_session_answer answer;
    struct err err = ERR_INIT;
    char words[128] = "";
    session->asking = false;
    if (end != CELL_ANSWERED) {
        int length = snprintf(words, sizeof words, "%.*s",
                              (int)(reply.size < 120 ? reply.size : 120),
                              reply.size == 0 ? "" : reply.ptr);
        assert(length >= 0);
        on_fault(session, end, words);
        return;
    }
    struct arena *arena = arena_create(1 << 20);
    memory_need(arena != NULL);
    if (session_answer_decode(reply, arena, &answer, &err)) {
        take_answer(session, &answer);
        session_next(session);
    } else {
        on_fault(session, CELL_GARBAGE, err.text);
    }
    arena_destroy(&arena);
}

/* ---- frames ---- */

static bool header_is_there(const struct session *session)
{
    return session->in.size >= session->server.header_bytes;
}

static int64_t known_cut(const struct session *session)
{
    for (unsigned i = 0; i < SESSION_CUTS; i++)
        if (session->cuts[i].length > 0 &&
            memcmp(session->cuts[i].header, session->in.ptr,
                   session->server.header_bytes) == 0)
            return session->cuts[i].length;
    return 0;
}

static void remember_cut(struct session *session)
{
    struct session_cut *cut = &session->cuts[session->next_cut++ % SESSION_CUTS];
    memcpy(cut->header, session->in.ptr, session->server.header_bytes);
    cut->length = session->frame_bytes;
}

static void take_cut(struct session *session, int64_t length)
{
    char why[SESSION_REASON_SIZE];
    session->cutting = false;
    session->tries = 0;
    if (length <= 0) {
        session_hang_up(session, slice_of("what the carrier sent is no frame"), 0);
    } else if (length > session->server.frame_bytes) {
        int size = snprintf(why, sizeof why,
                            "the carrier sent a frame of %lld bytes, %lld are allowed",
                            (long long)length, (long long)session->server.frame_bytes);
        assert(size > 0);
        session_hang_up(session, slice_of(why), 0);
    } else {
        session->frame_bytes = length;
        remember_cut(session);
    }
    session_next(session);
}

static void on_cut(void *arg, enum cell_end end, struct slice reply)
{
    struct session *session = arg;
    struct wire_reader reader = wire_reader_of(reply);
    session->asking = false;
    if (end != CELL_ANSWERED) {
        on_fault(session, end, "cutting a frame");
        return;
    }
    int64_t length = (int64_t)wire_u64(&reader);
    if (wire_done(&reader))
        take_cut(session, length);
    else
        on_fault(session, CELL_GARBAGE, "cutting a frame");
}

/* ---- asking ---- */

static struct esim_bytes bytes_of(const char *ptr, size_t size)
{
    return (struct esim_bytes){ ptr, size };
}

static void put_cut(const struct session *session, struct buf *ret)
{
    wire_put_bytes(ret, slice_of(session->conf.name));
    wire_put_bytes(ret, slice_bytes(session->in.ptr, session->server.header_bytes));
}

static void put_step(const struct session *session, struct buf *ret)
{
    struct esim_session_step step = {
        .size = sizeof step,
        .event = session->event,
        .now_ms = clock_wall_ms(),
        .state = bytes_of(session->machine.ptr, session->machine.size),
        .settings = bytes_of(session->server.settings,
                             strlen(session->server.settings)),
        .secrets = bytes_of(session->server.secrets, strlen(session->server.secrets)),
    };
    id_random(step.random, sizeof step.random);
    if (session->event == ESIM_FRAME)
        step.bytes = bytes_of(session->in.ptr, (size_t)session->frame_bytes);
    if (session->event == ESIM_CLOSED)
        step.bytes = bytes_of(session->reason, strlen(session->reason));
    if (session->event == ESIM_SUBMIT) {
        step.key = bytes_of(session->submit->key.ptr, session->submit->key.size);
        step.bytes = bytes_of(session->submit->payload.ptr,
                              session->submit->payload.size);
    }
    session_step_encode(slice_of(session->conf.name), &step, ret);
}

static void ask(struct session *session)
{
    struct buf payload;
    buf_init(&payload, 20 << 20);
    if (session->cutting)
        put_cut(session, &payload);
    else
        put_step(session, &payload);
    memory_need(buf_ok(&payload));
    session->call = cell_call(
        session->server.cell, session->cutting ? WIRE_FRAME : WIRE_SESSION,
        buf_slice(&payload), session->cutting ? on_cut : on_step, session);
    session->asking = session->call != 0;
    buf_finish_secret(&payload);
    if (!session->asking)
        ask_later(session);
}

void session_ask_again(struct session *session)
{
    session->tries = 0;
    ask(session);
}

void session_on_again(void *arg)
{
    ask(arg);
}

static void begin(struct session *session, esim_session_event event)
{
    session->event = event;
    session->tries = 0;
    ask(session);
}

/* False: no whole frame is there. */
static bool next_frame(struct session *session)
{
    if (session->closing || session->in.size == 0 || !header_is_there(session))
        return false;
    if (session->frame_bytes == 0)
        session->frame_bytes = known_cut(session);
    if (session->frame_bytes == 0) {
        session->cutting = true;
        session->tries = 0;
        ask(session);
        return true;
    }
    if ((int64_t)session->in.size < session->frame_bytes)
        return false;
    metric_count(&frames_total, session->conf.adapter, session->conf.name);
    begin(session, ESIM_FRAME);
    return true;
}

static bool next_submit(struct session *session)
{
    if (session->state != SESSION_BOUND || session->closing || session->gone)
        return false;
    struct session_submit *submit = session_take_submit(session);
    if (submit == NULL)
        return false;
    session->submit = submit;
    begin(session, ESIM_SUBMIT);
    return true;
}

void session_pace(struct session *session)
{
    int64_t most = session->server.frame_bytes + SESSION_HEADER_BYTES_MAX;
    if (session->stream != NULL)
        stream_pause(session->stream, (int64_t)session->in.size >= most);
}

/* A due word of the host itself; false: none. */
static bool next_word(struct session *session)
{
    struct {
        bool *due;
        esim_session_event event;
    } words[] = { { &session->open_due, ESIM_OPENED },
                  { &session->drain_due, ESIM_DRAIN },
                  { &session->tick_due, ESIM_TICK } };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (*words[i].due && !session->closing && !session->gone) {
            *words[i].due = false;
            begin(session, words[i].event);
            return true;
        }
    return false;
}

void session_next(struct session *session)
{
    if (session->asking || session->event != 0 || session->cutting ||
        !session->opened || session->act_count > ACTS_WAITING_MAX ||
        session->ticket_count > ACTS_WAITING_MAX)
        return;
    session_pace(session);
    if (next_word(session))
        return;
    session->submit_turn = !session->submit_turn;
    if (session->submit_turn && next_submit(session))
        return;
    if (next_frame(session) || next_submit(session))
        return;
    if (session->gone)
        begin(session, ESIM_CLOSED);
}
