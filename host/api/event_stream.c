#include "api/event_stream.h"

#include <stdlib.h>
#include <string.h>

#include "api/event_text.h"
#include "api/metrics.h"
#include "api/worker.h"
#include "base/json.h"

enum {
    STREAMS_MAX = 256, /* A thread. */
    PENDING_BYTES = 1 << 20,
    PAGE = 128,
    BEAT_MS = 15000
};

struct stream {
    struct stream *next, **at; /* at: the pointer that points here. */
    struct streams *streams;
    struct call *call;
    int64_t seq;          /* The last one looked at. */
    const char *resource; /* NULL: all. */
    bool gone;
};

struct streams {
    struct worker *worker;
    struct loop_timer *timer;
    struct stream *first; /* List of struct stream by next. */
    unsigned count;
};

static void drop(struct stream *stream)
{
    struct streams *streams = stream->streams;
    *stream->at = stream->next;
    if (stream->next != NULL)
        stream->next->at = stream->at;
    streams->count--;
    streams->worker->listeners--;
    metrics_streams(-1);
    call_stream_end(stream->call);
}

/* One round reads at most PAGE events, so that a long past does not hold the loop. */
struct round {
    struct stream *stream;
    struct buf *out;
    unsigned events;
};

static bool add_event(const struct event_row *event, void *arg, struct err *err)
{
    struct round *round = arg;
    const char *wanted = round->stream->resource;
    (void)err;
    round->stream->seq = event->seq;
    round->events++;
    if (wanted != NULL && strcmp(wanted, event->resource) != 0)
        return true;
    json_t *document = event_document(event);
    buf_add_format(round->out, "id: %lld\nevent: %s\ndata: ", (long long)event->seq,
                   event->type);
    json_write(document, round->out);
    buf_add_text(round->out, "\n\n");
    json_decref(document);
    return true;
}

static bool read_round(struct db *db, void *arg, struct err *err)
{
    struct round *round = arg;
    return event_page(db, round->stream->call->tenant, round->stream->seq, PAGE,
                      add_event, round, err);
}

/* False: the stream has ended and is gone. `ret_more`: there may be more at once. */
static bool send_new(struct stream *stream, bool *ret_more)
{
    struct worker *worker = stream->streams->worker;
    struct err err = ERR_INIT;
    struct round round = { .stream = stream, .out = &worker->out };
    buf_clear(&worker->out);
    bool ok = !stream->gone && store_read(worker->reader, read_round, &round, &err) &&
              buf_ok(&worker->out) &&
              http_stream_write(stream->call->exchange, buf_slice(&worker->out));
    *ret_more |= ok && round.events == PAGE;
    if (!ok)
        drop(stream);
    return ok;
}

static void on_timer(void *arg)
{
    struct streams *streams = arg;
    struct stream *next;
    for (struct stream *at = streams->first; at != NULL; at = next) {
        next = at->next;
        if (at->gone ||
            !http_stream_write(at->call->exchange, SLICE_LITERAL(": still here\n\n")))
            drop(at);
    }
    streams_look(streams);
    if (streams->first != NULL)
        loop_timer_set(streams->timer, BEAT_MS);
}

struct streams *streams_create(struct worker *worker)
{
    struct streams *streams = calloc(1, sizeof *streams);
    if (streams == NULL)
        return NULL;
    streams->worker = worker;
    streams->timer = loop_timer_create(worker->loop, on_timer, streams);
    if (streams->timer == NULL)
        streams_destroy(&streams);
    return streams;
}

void streams_destroy(struct streams **streams)
{
    if (*streams == NULL)
        return;
    loop_timer_destroy(&(*streams)->timer);
    free(*streams);
    *streams = NULL;
}

void streams_look(struct streams *streams)
{
    bool more = false;
    struct stream *next;
    for (struct stream *at = streams->first; at != NULL; at = next) {
        next = at->next;
        send_new(at, &more);
    }
    if (more)
        worker_wake(streams->worker);
}

void streams_end(struct streams *streams)
{
    while (streams->first != NULL)
        drop(streams->first);
}

static void on_gone(void *arg)
{
    struct stream *stream = arg;
    stream->gone = true;
    loop_timer_set(stream->streams->timer, 0);
}

void event_stream_open(struct call *call, int64_t after_seq)
{
    struct streams *streams = call->worker->streams;
    struct stream *stream = arena_alloc(call->arena, sizeof *stream);
    if (stream == NULL || streams->count == STREAMS_MAX ||
        call->worker->shared->stopping) {
        call_field(call, "Retry-After", "5");
        call_problem(call, PROBLEM_UNAVAILABLE, "no more streams can be open now");
        return;
    }
    *stream = (struct stream){ .next = streams->first,
                               .at = &streams->first,
                               .streams = streams,
                               .call = call,
                               .seq = after_seq,
                               .resource = call_query(call, "resource") };
    if (streams->first != NULL)
        streams->first->at = &stream->next;
    else
        loop_timer_set(streams->timer, BEAT_MS);
    streams->first = stream;
    streams->count++;
    call->worker->listeners++;
    metrics_streams(1);
    http_exchange_on_gone(call->exchange, on_gone, stream);
    call_stream_start(call, "text/event-stream", PENDING_BYTES);
    bool more = false;
    if (send_new(stream, &more) && more)
        worker_wake(call->worker);
}
