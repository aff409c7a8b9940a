/* What has to be stored is begun at once and gets a ticket. What leaves waits for the
 * tickets given before it, so that a carrier never hears "received" of what a power cut
 * could still take from us. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/session_state.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/metric.h"

enum {
    ACT_BYTES_MAX = 1 << 20,
    KEY_BYTES_MAX = 256,
    WAIT_MOST_MS = 86400000,
    TICK_LEAST_MS = 5 /* A machine that always wants to be called "now" gets this. */
};
static const int64_t keep_most_ms = INT64_C(31) * 86400000;

static struct metric writes_total = { .kind = METRIC_COUNTER,
                                      .name = "esimd_session_written_bytes_total",
                                      .help = "Bytes written to kept sessions.",
                                      .label = "adapter",
                                      .label2 = "session" };

static struct slice slice_from(struct esim_bytes bytes)
{
    return slice_bytes(bytes.ptr, bytes.size);
}

static struct esim_bytes bytes_from(const struct buf *buf)
{
    return (struct esim_bytes){ buf->ptr, buf->size };
}

static int64_t capped(int64_t number, int64_t most)
{
    return number < most ? number : most;
}

/* ---- tickets ---- */

static uint64_t give_ticket(struct session *session)
{
    struct ticket *ticket = calloc(1, sizeof *ticket);
    memory_need(ticket != NULL);
    ticket->number = ++session->last_number;
    *session->last_ticket = ticket;
    session->last_ticket = &ticket->next;
    session->ticket_count++;
    return ticket->number;
}

static void drop_first_ticket(struct session *session)
{
    struct ticket *first = session->tickets;
    session->tickets = first->next;
    if (session->tickets == NULL)
        session->last_ticket = &session->tickets;
    session->ticket_count--;
    free(first);
}

void session_drop_tickets(struct session *session)
{
    while (session->tickets != NULL)
        drop_first_ticket(session);
}

static bool is_stored(const struct session *session, uint64_t number)
{
    return session->tickets == NULL || session->tickets->number > number;
}

/* ---- acts that store or only concern us ---- */

static void do_deliver(struct session *session, const struct esim_act *act)
{
    struct session_submit *submit = session_find_submit(session, slice_from(act->key));
    int64_t keep_ms = act->number > 0 ? act->number : session->server.keep_ms;
    if (submit != NULL) {
        session_note_sent(submit); /* Answered, so it was. */
        session_end_submit(submit);
    }
    session->events.deliver(session->events.arg, give_ticket(session),
                            slice_from(act->key), slice_from(act->bytes),
                            capped(keep_ms, keep_most_ms));
}

static void do_report(struct session *session, const struct esim_act *act)
{
    session->events.report(session->events.arg, give_ticket(session),
                           slice_from(act->bytes));
}

static void do_lost(struct session *session, const struct esim_act *act)
{
    struct session_submit *submit = session_find_submit(session, slice_from(act->key));
    if (submit == NULL)
        return;
    if (submit->state != SUBMIT_SENT) {
        session_refuse_submit(submit, -1, "the session did not send it");
        return;
    }
    session->events.lost(session->events.arg, slice_from(act->key));
    session_end_submit(submit);
}

static void do_back(struct session *session, const struct esim_act *act)
{
    struct session_submit *submit = session_find_submit(session, slice_from(act->key));
    if (submit == NULL)
        return;
    if (submit->state != SUBMIT_SENT) {
        session_refuse_submit(submit, capped(act->number, WAIT_MOST_MS),
                              "the carrier is busy");
        return;
    }
    session->events.back(session->events.arg, slice_from(act->key),
                         capped(act->number, WAIT_MOST_MS));
    session_end_submit(submit);
}

/* ---- acts on the connection ---- */

static void do_write(struct session *session, const struct esim_act *act)
{
    struct session_submit *submit =
        act->key.size == 0 ? NULL : session_find_submit(session, slice_from(act->key));
    if (session->stream == NULL || session->closing)
        return;
    if (!stream_write(session->stream, slice_from(act->bytes))) {
        session_hang_up(session, slice_of("the carrier does not take what is sent"), 0);
        return;
    }
    metric_add(metric_series(&writes_total, session->conf.adapter, session->conf.name),
               (int64_t)act->bytes.size);
    if (submit != NULL)
        session_note_sent(submit);
}

static void do_ready(struct session *session, const struct esim_act *act)
{
    if (session->closing || session->gone)
        return;
    bool news = session->window != act->number;
    session->window = act->number;
    if (session->state != SESSION_BOUND)
        session_set_state(session, SESSION_BOUND);
    else if (news)
        session->events.changed(session->events.arg);
}

static void do_timer(struct session *session, const struct esim_act *act)
{
    int64_t after_ms = act->number - clock_wall_ms();
    if (!session->closing && !session->gone)
        loop_timer_set(session->tick,
                       after_ms < TICK_LEAST_MS ? TICK_LEAST_MS : after_ms);
}

static void do_close(struct session *session, const struct esim_act *act)
{
    session_hang_up(session, slice_from(act->bytes), capped(act->number, WAIT_MOST_MS));
}

/* clang-format off */
static const struct {
    void (*run)(struct session *session, const struct esim_act *act);
    bool waits; /* For what was delivered before it. */
} rows[] = {
    [ESIM_ACT_WRITE]   = { do_write,   true  },
    [ESIM_ACT_READY]   = { do_ready,   true  },
    [ESIM_ACT_DELIVER] = { do_deliver, false },
    [ESIM_ACT_LOST]    = { do_lost,    false },
    [ESIM_ACT_REPORT]  = { do_report,  false },
    [ESIM_ACT_TIMER]   = { do_timer,   true  },
    [ESIM_ACT_CLOSE]   = { do_close,   true  },
    [ESIM_ACT_BACK]    = { do_back,    false },
};
/* clang-format on */

/* ---- the line of those that wait ---- */

static void put_in_line(struct session *session, const struct esim_act *act)
{
    struct waiting_act *waiting = calloc(1, sizeof *waiting);
    memory_need(waiting != NULL);
    waiting->after = session->last_number;
    waiting->kind = act->kind;
    waiting->number = act->number;
    buf_init(&waiting->key, KEY_BYTES_MAX);
    buf_init(&waiting->bytes, ACT_BYTES_MAX);
    buf_add_slice(&waiting->key, slice_from(act->key));
    buf_add_slice(&waiting->bytes, slice_from(act->bytes));
    memory_need(buf_ok(&waiting->key) && buf_ok(&waiting->bytes));
    *session->last_act = waiting;
    session->last_act = &waiting->next;
    session->act_count++;
    struct session_submit *submit = act->kind == ESIM_ACT_WRITE && act->key.size > 0
                                        ? session_find_submit(session,
                                                              slice_from(act->key))
                                        : NULL;
    if (submit != NULL) /* Nothing will hold it back any more. */
        session_note_sent(submit);
}

static void drop_first_act(struct session *session)
{
    struct waiting_act *first = session->acts;
    session->acts = first->next;
    if (session->acts == NULL)
        session->last_act = &session->acts;
    session->act_count--;
    buf_finish(&first->key);
    buf_finish_secret(&first->bytes);
    free(first);
}

void session_drop_acts(struct session *session)
{
    while (session->acts != NULL)
        drop_first_act(session);
}

void session_carry_out(struct session *session, const struct esim_act *acts,
                       uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        const struct esim_act *act = &acts[i];
        bool may_go = session->acts == NULL && is_stored(session, session->last_number);
        if (!rows[act->kind].waits || may_go)
            rows[act->kind].run(session, act);
        else
            put_in_line(session, act);
    }
}

void session_stored(struct session *session, uint64_t ticket)
{
    struct ticket *at = session->tickets;
    while (at != NULL && at->number != ticket)
        at = at->next;
    assert(at != NULL && !at->stored);
    at->stored = true;
    while (session->tickets != NULL && session->tickets->stored)
        drop_first_ticket(session);
    while (session->acts != NULL && is_stored(session, session->acts->after)) {
        struct waiting_act *first = session->acts;
        struct esim_act act = { .kind = first->kind,
                                .number = first->number,
                                .key = bytes_from(&first->key),
                                .bytes = bytes_from(&first->bytes) };
        rows[act.kind].run(session, &act);
        drop_first_act(session);
    }
    session_next(session);
}
