/* Every turn does what can be done: send, read. The order of bytes is all that matters,
 * so one function serves both directions. */
#include "net/stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "net/connector.h"
#include "net/transport.h"

enum {
    CHUNK_BYTES = 16 << 10,
    CHUNKS_A_TURN = 8, /* Then others have their turn. */
    LINGER_MS = 1000
};

enum stream_phase { OPENING, OPEN, ENDING, LINGERING };

struct stream {
    struct loop *loop;
    struct stream_events events;
    enum stream_phase phase;
    struct connector *connector; /* While OPENING. */
    struct transport transport;
    struct event *readable, *writable; /* NULL without a socket. */
    bool reads, writes;                /* Which of them are waited for. */
    bool paused;
    bool wants_write; /* TLS must write before it can read on. */
    bool more;        /* A turn ended before all was read. */
    struct buf out;
    size_t sent; /* Of `out`. */
    struct loop_timer *linger;
    unsigned depth; /* Inside an event: then a close only marks it. */
    bool doomed;
};

/* ---- life ---- */

static void drop_socket(struct stream *stream)
{
    if (stream->readable != NULL)
        event_free(stream->readable);
    if (stream->writable != NULL)
        event_free(stream->writable);
    stream->readable = stream->writable = NULL;
    stream->reads = stream->writes = false;
    transport_close(&stream->transport);
}

static void free_stream(struct stream *stream)
{
    drop_socket(stream);
    connector_destroy(&stream->connector);
    loop_timer_destroy(&stream->linger);
    buf_finish_secret(&stream->out); /* A login may be in it. */
    free(stream);
}

void stream_close(struct stream **stream)
{
    struct stream *gone = *stream;
    if (gone == NULL)
        return;
    *stream = NULL;
    gone->doomed = true;
    if (gone->depth == 0)
        free_stream(gone);
}

static void enter(struct stream *stream)
{
    stream->depth++;
}

static void leave(struct stream *stream)
{
    if (--stream->depth == 0 && stream->doomed)
        free_stream(stream);
}

/* The last thing that is done with it; the owner closes it in there or later. */
static void finish(struct stream *stream, const struct err *why)
{
    struct err kept = *why; /* It may be the connector's. */
    enter(stream);
    drop_socket(stream);
    connector_destroy(&stream->connector);
    loop_timer_stop(stream->linger);
    stream->events.closed(stream->events.arg, &kept);
    leave(stream);
}

static void lose(struct stream *stream, const char *words)
{
    struct err why = ERR_INIT;
    if (stream->transport.refused)
        err_set(&why, ERR_UNAUTHORISED, "TLS: the other side refused our certificate");
    else if (stream->phase != LINGERING) /* Else all was sent: it matters not. */
        err_set(&why, ERR_IO, "%s", words);
    finish(stream, &why);
}

/* ---- what the socket is waited for ---- */

static void pump(struct stream *stream);
static void go_on_soon(struct stream *stream);

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct stream *stream = arg;
    enter(stream);
    pump(stream);
    bool more = stream->more && !stream->doomed && stream->readable != NULL;
    leave(stream);
    if (more)
        go_on_soon(stream);
}

static void turn_on(struct event *event, bool *is_on, bool on)
{
    if (*is_on == on)
        return;
    int failed = on ? event_add(event, NULL) : event_del(event);
    memory_need(failed == 0);
    *is_on = on;
}

static void wait_for(struct stream *stream, bool reads, bool writes)
{
    turn_on(stream->readable, &stream->reads, reads);
    turn_on(stream->writable, &stream->writes, writes);
}

static void wait_as_needed(struct stream *stream)
{
    wait_for(stream, !stream->paused || stream->phase != OPEN,
             stream_queued(stream) > 0 || stream->wants_write);
}

/* For what no socket event will announce: bytes that TLS holds, bytes just written. */
static void go_on_soon(struct stream *stream)
{
    if (stream->depth == 0)
        event_active(stream->writable, EV_WRITE, 0);
}

/* ---- opening ---- */

static void take_socket(struct stream *stream, const struct transport *transport)
{
    struct event_base *base = loop_base(stream->loop);
    int fd = transport->fd;
    stream->transport = *transport;
    stream->phase = OPEN;
    stream->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_socket, stream);
    stream->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, on_socket, stream);
    memory_need(stream->readable != NULL && stream->writable != NULL);
}

static void on_connector(void *arg, const struct transport *transport,
                         const struct err *err)
{
    struct stream *stream = arg;
    if (transport == NULL) {
        finish(stream, err);
        return;
    }
    enter(stream);
    connector_destroy(&stream->connector);
    take_socket(stream, transport);
    stream->events.opened(stream->events.arg);
    if (!stream->doomed) {
        wait_as_needed(stream);
        event_active(stream->writable, EV_WRITE, 0); /* What came with the handshake. */
    }
    leave(stream);
}

/* ---- sending ---- */

static void begin_linger(struct stream *stream)
{
    stream->phase = LINGERING;
    transport_end(&stream->transport);
    loop_timer_set(stream->linger, LINGER_MS);
}

/* False: the stream is over. */
static bool send_queued(struct stream *stream)
{
    while (stream_queued(stream) > 0) {
        size_t size = 0;
        enum transport_end end = transport_write(
            &stream->transport, stream->out.ptr + stream->sent,
            stream->out.size - stream->sent, &size);
        if (end == TRANSPORT_WANTS_READ || end == TRANSPORT_WANTS_WRITE)
            return true;
        if (end != TRANSPORT_DONE) {
            lose(stream, "the connection was lost");
            return false;
        }
        stream->sent += size;
    }
    if (stream->sent > 0)
        explicit_bzero(stream->out.ptr, stream->sent);
    buf_clear(&stream->out);
    stream->sent = 0;
    if (stream->phase == ENDING)
        begin_linger(stream);
    return true;
}

bool stream_write(struct stream *stream, struct slice bytes)
{
    if (stream->phase != OPEN || stream->readable == NULL ||
        bytes.size > stream->out.limit_bytes - stream_queued(stream))
        return false;
    buf_drop(&stream->out, stream->sent);
    stream->sent = 0;
    buf_add_slice(&stream->out, bytes);
    if (!buf_ok(&stream->out))
        return false;
    go_on_soon(stream);
    return true;
}

size_t stream_queued(const struct stream *stream)
{
    return stream->out.size - stream->sent;
}

void stream_end(struct stream *stream)
{
    if (stream->phase >= ENDING)
        return;
    if (stream->phase == OPEN && stream->readable != NULL) {
        stream->phase = ENDING;
        loop_timer_set(stream->linger, LINGER_MS);
        go_on_soon(stream);
        return;
    }
    stream->phase = LINGERING; /* Nothing was said: nothing to wait for. */
    connector_destroy(&stream->connector);
    drop_socket(stream);
    loop_timer_set(stream->linger, 0);
}

/* ---- receiving ---- */

/* False: the stream is over, or there is no more now. */
static bool read_chunk(struct stream *stream)
{
    char bytes[CHUNK_BYTES];
    size_t size = 0;
    switch (transport_read(&stream->transport, bytes, sizeof bytes, &size)) {
    case TRANSPORT_DONE:
        if (stream->phase == OPEN)
            stream->events.bytes(stream->events.arg, slice_bytes(bytes, size));
        return !stream->doomed;
    case TRANSPORT_WANTS_READ:
        return false;
    case TRANSPORT_WANTS_WRITE:
        stream->wants_write = true;
        return false;
    case TRANSPORT_EOF:
        lose(stream, "the other side closed the connection");
        return false;
    default:
        lose(stream, "the connection was lost");
        return false;
    }
}

static void read_what_is_there(struct stream *stream)
{
    int chunks = 0;
    stream->wants_write = false;
    while (!(stream->paused && stream->phase == OPEN) && chunks < CHUNKS_A_TURN &&
           read_chunk(stream))
        chunks++;
    stream->more = chunks == CHUNKS_A_TURN;
}

static bool is_over(const struct stream *stream)
{
    return stream->doomed || stream->readable == NULL;
}

static void pump(struct stream *stream)
{
    if (is_over(stream) || !send_queued(stream))
        return;
    read_what_is_there(stream);
    if (is_over(stream) || !send_queued(stream))
        return;
    wait_as_needed(stream);
}

void stream_pause(struct stream *stream, bool paused)
{
    if (stream->paused == paused)
        return;
    stream->paused = paused;
    if (stream->phase == OPEN && stream->readable != NULL)
        go_on_soon(stream);
}

/* ---- its beginning ---- */

static void on_linger(void *arg)
{
    const struct err why = ERR_INIT;
    finish(arg, &why);
}

struct stream *stream_open(struct loop *loop, const struct stream_place *place,
                           const struct stream_events *events, struct err *err)
{
    struct stream *stream = calloc(1, sizeof *stream);
    memory_need(stream != NULL);
    assert(place->queue_bytes > 0);
    stream->loop = loop;
    stream->events = *events;
    stream->transport.fd = -1;
    buf_init(&stream->out, place->queue_bytes);
    stream->linger = loop_timer_create(loop, on_linger, stream);
    memory_need(stream->linger != NULL);
    stream->connector = connector_start(loop, place, on_connector, stream, err);
    if (stream->connector == NULL) {
        free_stream(stream);
        return NULL;
    }
    return stream;
}
