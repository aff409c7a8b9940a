#include "adapter/session.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/session_state.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/metric.h"
#include "cell/step_codec.h"

enum {
    STATE_BYTES_MAX = (256 << 10) + SESSION_STATE_HEAD_BYTES,
    READ_AHEAD_BYTES = 64 << 10
};

static struct metric bound_now = { .kind = METRIC_GAUGE,
                                   .name = "esimd_sessions_bound",
                                   .help = "Kept sessions that are logged in.",
                                   .label = "adapter",
                                   .label2 = "session" };
static struct metric closes_total = { .kind = METRIC_COUNTER,
                                      .name = "esimd_session_closes_total",
                                      .help = "Connections of kept sessions that ended "
                                              "or could not be opened.",
                                      .label = "adapter",
                                      .label2 = "session" };

const char *session_state_name(enum session_state state)
{
    static const char *const names[] = { [SESSION_CONNECTING] = "connecting",
                                         [SESSION_BOUND] = "bound",
                                         [SESSION_CLOSED] = "closed",
                                         [SESSION_REFUSED] = "refused" };
    return names[state];
}

/* ---- states ---- */

static void set_reason(struct session *session, struct slice reason)
{
    size_t length = reason.size < sizeof session->reason - 1
                        ? reason.size
                        : sizeof session->reason - 1;
    if (length > 0)
        memmove(session->reason, reason.ptr, length);
    session->reason[length] = '\0';
}

void session_set_state(struct session *session, enum session_state state)
{
    bool was_bound = session->state == SESSION_BOUND, is_bound = state == SESSION_BOUND;
    session->state = state;
    session->since_ms = clock_wall_ms();
    if (is_bound)
        set_reason(session, slice_of(""));
    if (was_bound != is_bound)
        metric_add(metric_series(&bound_now, session->conf.adapter, session->conf.name),
                   is_bound ? 1 : -1);
    enum log_level level = state == SESSION_REFUSED  ? LOG_ERROR
                           : state == SESSION_CLOSED ? LOG_WARN
                                                     : LOG_INFO;
    log_line(level, "session.state", LOG_TEXT("adapter", session->conf.adapter),
             LOG_TEXT("session", session->conf.name),
             LOG_TEXT("tenant", session->conf.tenant),
             LOG_TEXT("state", session_state_name(state)),
             LOG_TEXT("reason", session->reason));
    session->events.changed(session->events.arg);
}

/* ---- the connection's end, and the next try ---- */

/* Between half of the doubled base and all of it: many hosts must not come at once. */
static int64_t back_off_ms(const struct session *session)
{
    int64_t bound = session->conf.retry_base_ms;
    for (int64_t i = 1; i < session->failures && bound < session->conf.retry_most_ms;
         i++)
        bound *= 2;
    if (bound > session->conf.retry_most_ms)
        bound = session->conf.retry_most_ms;
    uint64_t random;
    id_random(&random, sizeof random);
    return bound / 2 + (int64_t)(random % (uint64_t)(bound / 2 + 1));
}

static int64_t retry_after_ms(const struct session *session)
{
    if (session->retry_ms < 0)
        return session->conf.refused_ms;
    if (session->retry_ms == 0)
        return back_off_ms(session);
    return session->retry_ms > session->conf.retry_base_ms
               ? session->retry_ms
               : session->conf.retry_base_ms;
}

static void plan_retry(struct session *session)
{
    bool lasted = session->state == SESSION_BOUND &&
                  clock_wall_ms() - session->since_ms >= session->conf.retry_most_ms;
    /* What was refused to the server before this one says nothing of this one. */
    bool refused = session->retry_ms < 0 && !session->renewed;
    session->failures = lasted ? 1 : session->failures + 1;
    metric_count(&closes_total, session->conf.adapter, session->conf.name);
    if (!session->draining)
        loop_timer_set(session->retry, session->renewed ? 0 : retry_after_ms(session));
    session_set_state(session, refused ? SESSION_REFUSED : SESSION_CLOSED);
    if (refused)
        session_refuse_queue(session, SESSION_DENIED, session->reason);
}

void session_conclude(struct session *session)
{
    stream_close(&session->stream);
    session_drop_acts(session);
    session_lose_submits(session);
    buf_finish_secret(&session->machine);
    buf_clear(&session->in);
    loop_timer_stop(session->tick);
    session->frame_bytes = session->window = 0;
    session->open_due = session->tick_due = session->drain_due = false;
    session->opened = session->gone = session->closing = false;
    plan_retry(session);
}

/* What the machine is being told stays until it has answered. */
static void drop_received(struct session *session)
{
    if (session->event == ESIM_FRAME || session->cutting)
        return;
    buf_clear(&session->in);
    session->frame_bytes = 0;
}

void session_hang_up(struct session *session, struct slice reason, int64_t retry_ms)
{
    drop_received(session);
    if (session->closing || (session->stream == NULL && !session->gone))
        return;
    session->closing = true;
    session->retry_ms = retry_ms;
    set_reason(session, reason);
    if (!session->gone) /* Else the carrier hung up behind its last word. */
        stream_end(session->stream);
}

static void on_closed(void *arg, const struct err *why)
{
    struct session *session = arg;
    stream_close(&session->stream);
    session_drop_acts(session);
    loop_timer_stop(session->tick);
    if (!session->closing) {
        set_reason(session, slice_of(why->text));
        session->retry_ms = why->code == ERR_UNAUTHORISED ? -1 : 0;
    }
    if (session->closing)
        drop_received(session);
    session->gone = true;
    if (!session->opened || session->open_due)
        session_conclude(session);
    else
        session_next(session);
}

/* ---- the connection ---- */

static void on_opened(void *arg)
{
    struct session *session = arg;
    session->opened = session->open_due = true;
    session_next(session);
}

static void on_bytes(void *arg, struct slice bytes)
{
    struct session *session = arg;
    buf_add_slice(&session->in, bytes);
    memory_need(buf_ok(&session->in)); /* Reading is paused long before. */
    session_pace(session);
    session_next(session);
}

static void connect_now(void *arg)
{
    struct session *session = arg;
    const struct stream_events events = { on_opened, on_bytes, on_closed, session };
    struct err err = ERR_INIT;
    session->retry_ms = 0;
    session->renewed = false;
    session->stream = stream_open(session->loop, &session->server.place, &events, &err);
    if (session->stream == NULL) {
        set_reason(session, slice_of(err.text));
        plan_retry(session);
    } else if (session->state != SESSION_CONNECTING) {
        session_set_state(session, SESSION_CONNECTING);
    }
}

static void on_tick(void *arg)
{
    struct session *session = arg;
    session->tick_due = true;
    session_next(session);
}

/* ---- life ---- */

static void make_timers(struct session *session)
{
    struct loop *loop = session->loop;
    session->retry = loop_timer_create(loop, connect_now, session);
    session->tick = loop_timer_create(loop, on_tick, session);
    session->again = loop_timer_create(loop, session_on_again, session);
    session->expiry = loop_timer_create(loop, session_on_expiry, session);
    session->pace = loop_timer_create(loop, session_on_pace, session);
    memory_need(session->pace != NULL && session->retry != NULL &&
                session->tick != NULL && session->again != NULL &&
                session->expiry != NULL);
}

struct session *session_create(struct loop *loop, const struct session_conf *conf,
                               const struct session_events *events)
{
    struct session *session = calloc(1, sizeof *session);
    memory_need(session != NULL);
    assert(conf->retry_base_ms > 0 && conf->queue > 0);
    session->loop = loop;
    session->conf = *conf;
    session->events = *events;
    session->since_ms = clock_wall_ms();
    session->last_act = &session->acts;
    session->last_ticket = &session->tickets;
    session->last_queued = &session->queue;
    buf_init(&session->machine, STATE_BYTES_MAX);
    make_timers(session);
    session_serve(session, &conf->server);
    loop_timer_set(session->retry, 0);
    return session;
}

void session_destroy(struct session **session)
{
    struct session *gone = *session;
    if (gone == NULL)
        return;
    *session = NULL;
    session_stop_asking(gone);
    stream_close(&gone->stream);
    session_refuse_all(gone, "the session is over");
    session_drop_acts(gone);
    session_drop_tickets(gone);
    loop_timer_destroy(&gone->retry);
    loop_timer_destroy(&gone->tick);
    loop_timer_destroy(&gone->again);
    loop_timer_destroy(&gone->expiry);
    loop_timer_destroy(&gone->pace);
    buf_finish_secret(&gone->machine);
    buf_finish_secret(&gone->in);
    if (gone->state == SESSION_BOUND)
        metric_add(metric_series(&bound_now, gone->conf.adapter, gone->conf.name), -1);
    free(gone);
}

void session_serve(struct session *session, const struct session_server *server)
{
    assert(server->header_bytes > 0 &&
           server->header_bytes <= SESSION_HEADER_BYTES_MAX);
    bool asked = session->asking || session->event != 0 || session->cutting;
    session_stop_asking(session);
    session->server = *server;
    session->in.limit_bytes = session->in.size + (size_t)server->frame_bytes +
                              READ_AHEAD_BYTES;
    memset(session->cuts, 0, sizeof session->cuts);
    if (asked)
        session_ask_again(session);
    else if (session->stream == NULL && !session->opened && !session->draining)
        loop_timer_set(session->retry, 0);
    session->renewed = true;
    if (session->state == SESSION_REFUSED) /* The next try is told as ever. */
        session->state = SESSION_CLOSED;
}

void session_drain(struct session *session)
{
    if (session->draining)
        return;
    session->draining = true;
    session_refuse_queue(session, SESSION_NOT_SENT, "the host is stopping");
    if (session->state == SESSION_BOUND && !session->closing && !session->gone) {
        session->drain_due = true;
        session_next(session);
        return;
    }
    loop_timer_stop(session->retry);
    session_hang_up(session, slice_of("the host is stopping"), 0);
    if (session->stream == NULL && !session->opened)
        session_set_state(session, SESSION_CLOSED);
}

bool session_is_over(const struct session *session)
{
    return session->draining && session->stream == NULL && !session->opened;
}

void session_look(const struct session *session, struct session_sight *ret)
{
    *ret = (struct session_sight){
        .name = session->conf.name,
        .state = session->state,
        .window = session->window,
        .outstanding = session->outstanding,
        .queued = (int64_t)session->queue_count,
        .since_ms = session->since_ms,
        .failures = session->failures,
        .reason = session->reason,
    };
}
