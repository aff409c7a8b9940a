/* Every turn does what can be done: shake hands, send, read. The order of bytes is all
 * that matters, so one function serves both directions. */
#include "net/stream.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "net/address.h"
#include "net/lookup.h"
#include "net/tls.h"
#include "net/transport.h"

enum {
    CHUNK_BYTES = 16 << 10,
    CHUNKS_A_TURN = 8, /* Then others have their turn. */
    ADDRESSES_MAX = 8,
    LINGER_MS = 1000,
    UNANSWERED_MS = 60000 /* Sent bytes without an acknowledgement by TCP. */
};

enum stream_phase { LOOKING_UP, CONNECTING, SHAKING_HANDS, OPEN, ENDING, LINGERING };

struct stream {
    struct loop *loop;
    struct stream_events events;
    char *host;
    uint16_t port;
    bool allow_private;
    struct tls_client *tls;
    struct lookup *lookup;
    struct sockaddr_storage addresses[ADDRESSES_MAX];
    socklen_t sizes[ADDRESSES_MAX];
    unsigned address_count, address_next;
    enum stream_phase phase;
    struct transport transport;
    struct event *readable, *writable; /* NULL without a socket. */
    bool reads, writes;                /* Which of them are waited for. */
    bool paused;
    bool wants_write; /* TLS must write before it can read on. */
    bool more;        /* A turn ended before all was read. */
    struct buf out;
    size_t sent; /* Of `out`. */
    struct loop_timer *deadline;
    struct err why;
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
    lookup_cancel(&stream->lookup);
    tls_client_destroy(&stream->tls);
    loop_timer_destroy(&stream->deadline);
    buf_finish_secret(&stream->out); /* A login may be in it. */
    free(stream->host);
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

/* The only way to the owner; false: the stream is gone. */
static bool tell(struct stream *stream, struct slice bytes)
{
    stream->depth++;
    if (bytes.size > 0)
        stream->events.bytes(stream->events.arg, bytes);
    else
        stream->events.opened(stream->events.arg);
    stream->depth--;
    return !stream->doomed;
}

/* The last thing that is done with it; the owner closes it in there or later. */
static void finish(struct stream *stream)
{
    drop_socket(stream);
    loop_timer_stop(stream->deadline);
    stream->depth++;
    stream->events.closed(stream->events.arg, &stream->why);
    stream->depth--;
    if (stream->doomed && stream->depth == 0)
        free_stream(stream);
}

static void fail(struct stream *stream, enum err_code code, const char *words)
{
    if (stream->phase == LINGERING)
        stream->why.code = ERR_NONE; /* All was sent; how it ends does not matter. */
    else if (stream->why.code == ERR_NONE)
        err_set(&stream->why, code, "%s", words);
    finish(stream);
}

/* ---- what the socket is waited for ---- */

static void pump(struct stream *stream);
static void go_on_soon(struct stream *stream);

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct stream *stream = arg;
    stream->depth++;
    pump(stream);
    stream->depth--;
    if (stream->doomed && stream->depth == 0)
        free_stream(stream);
    else if (stream->more && stream->readable != NULL)
        go_on_soon(stream);
}

static void turn_on(struct event *event, bool *is_on, bool on)
{
    if (*is_on == on)
        return;
    int failed = on ? event_add(event, NULL) : event_del(event);
    assert(failed == 0);
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

static bool take_socket(struct stream *stream, int fd)
{
    stream->transport = (struct transport){ .fd = fd };
    if (fd < 0)
        return false;
    struct event_base *base = loop_base(stream->loop);
    stream->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_socket, stream);
    stream->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, on_socket, stream);
    assert(stream->readable != NULL && stream->writable != NULL);
    return true;
}

/* ---- connecting ---- */

static void connect_next(struct stream *stream);

static void try_next(struct stream *stream, int error)
{
    err_set(&stream->why, ERR_UNAVAILABLE, "connecting to %.200s port %u: %s",
            stream->host, stream->port, strerror(error));
    drop_socket(stream);
    connect_next(stream);
}

static void set_options(int fd)
{
    int on = 1, unanswered_ms = UNANSWERED_MS;
    int a = setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int b = setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    int c = setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms,
                       sizeof unanswered_ms);
    (void)(a + b + c); /* Niceties: the connection works without them. */
}

static void connect_next(struct stream *stream)
{
    if (stream->address_next == stream->address_count) {
        fail(stream, ERR_DENIED, "the name leads to no address that may be used");
        return;
    }
    unsigned at = stream->address_next++;
    const struct sockaddr *address = (const void *)&stream->addresses[at];
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (!take_socket(stream, fd)) {
        try_next(stream, errno);
        return;
    }
    set_options(fd);
    if (connect(fd, address, stream->sizes[at]) != 0 && errno != EINPROGRESS) {
        try_next(stream, errno);
        return;
    }
    stream->phase = CONNECTING;
    wait_for(stream, false, true);
}

static void on_addresses(void *arg, const struct addrinfo *addresses,
                         const struct err *err)
{
    struct stream *stream = arg;
    stream->lookup = NULL;
    if (addresses == NULL) {
        fail(stream, err->code, err->text);
        return;
    }
    for (; addresses != NULL && stream->address_count < ADDRESSES_MAX;
         addresses = addresses->ai_next) {
        if (!stream->allow_private && !address_is_public(addresses->ai_addr))
            continue;
        unsigned at = stream->address_count++;
        stream->sizes[at] = addresses->ai_addrlen;
        memcpy(&stream->addresses[at], addresses->ai_addr, addresses->ai_addrlen);
    }
    stream->depth++;
    connect_next(stream);
    stream->depth--;
    if (stream->doomed && stream->depth == 0)
        free_stream(stream);
}

static bool be_open(struct stream *stream)
{
    stream->phase = OPEN;
    stream->why.code = ERR_NONE;
    loop_timer_stop(stream->deadline);
    return tell(stream, slice_bytes(NULL, 0));
}

static bool shake_hands(struct stream *stream)
{
    struct err why = ERR_INIT;
    switch (tls_shake_hands(stream->transport.tls, &why)) {
    case TLS_DONE:
        return be_open(stream);
    case TLS_WANTS_READ:
        wait_for(stream, true, false);
        return false;
    case TLS_WANTS_WRITE:
        wait_for(stream, false, true);
        return false;
    default:
        stream->why = why;
        finish(stream);
        return false;
    }
}

/* True: open, and there may be something to send or read. */
static bool connected(struct stream *stream)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(stream->transport.fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    if (error != 0) {
        try_next(stream, error);
        return false;
    }
    stream->why.code = ERR_NONE;
    if (stream->tls == NULL)
        return be_open(stream);
    stream->transport.tls = tls_client_open(stream->tls, stream->host,
                                            stream->transport.fd, &stream->why);
    if (stream->transport.tls == NULL) {
        finish(stream);
        return false;
    }
    stream->phase = SHAKING_HANDS;
    return shake_hands(stream);
}

/* ---- sending ---- */

static void linger(struct stream *stream)
{
    stream->phase = LINGERING;
    transport_end(&stream->transport);
    loop_timer_set(stream->deadline, LINGER_MS);
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
            fail(stream, ERR_IO, "the connection was lost");
            return false;
        }
        stream->sent += size;
    }
    if (stream->sent > 0)
        explicit_bzero(stream->out.ptr, stream->sent);
    buf_clear(&stream->out);
    stream->sent = 0;
    if (stream->phase == ENDING)
        linger(stream);
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
        loop_timer_set(stream->deadline, LINGER_MS);
        go_on_soon(stream);
        return;
    }
    stream->phase = LINGERING; /* Nothing was said: nothing to wait for. */
    lookup_cancel(&stream->lookup);
    drop_socket(stream);
    loop_timer_set(stream->deadline, 0);
}

/* ---- receiving ---- */

/* False: the stream is over, or there is no more now. */
static bool read_chunk(struct stream *stream)
{
    char bytes[CHUNK_BYTES];
    size_t size = 0;
    switch (transport_read(&stream->transport, bytes, sizeof bytes, &size)) {
    case TRANSPORT_DONE:
        return stream->phase != OPEN || tell(stream, slice_bytes(bytes, size));
    case TRANSPORT_WANTS_READ:
        return false;
    case TRANSPORT_WANTS_WRITE:
        stream->wants_write = true;
        return false;
    case TRANSPORT_EOF:
        fail(stream, ERR_IO, "the other side closed the connection");
        return false;
    default:
        fail(stream, ERR_IO, "the connection was lost");
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
    if (stream->phase == CONNECTING && !connected(stream))
        return;
    if (stream->phase == SHAKING_HANDS && !shake_hands(stream))
        return;
    if (stream->phase < OPEN || is_over(stream) || !send_queued(stream))
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

/* ---- opening ---- */

static void on_deadline(void *arg)
{
    struct stream *stream = arg;
    if (stream->phase >= ENDING)
        stream->why.code = ERR_NONE;
    else
        err_set(&stream->why, ERR_TIMEOUT, "connecting to %.200s port %u took too long",
                stream->host, stream->port);
    lookup_cancel(&stream->lookup);
    finish(stream);
}

static bool prepare(struct stream *stream, const struct stream_place *place,
                    struct err *err)
{
    if (place->tls) {
        stream->tls = tls_client_create(place->ca_file, place->cert_file,
                                        place->key_file, err);
        if (stream->tls == NULL)
            return false;
    }
    stream->lookup = lookup_start(stream->loop, place->host, place->port, on_addresses,
                                  stream, err);
    return stream->lookup != NULL;
}

struct stream *stream_open(struct loop *loop, const struct stream_place *place,
                           const struct stream_events *events, struct err *err)
{
    struct stream *stream = calloc(1, sizeof *stream);
    assert(stream != NULL && place->connect_ms > 0 && place->queue_bytes > 0);
    stream->loop = loop;
    stream->events = *events;
    stream->host = strdup(place->host);
    stream->port = place->port;
    stream->allow_private = place->allow_private;
    stream->transport.fd = -1;
    buf_init(&stream->out, place->queue_bytes);
    stream->deadline = loop_timer_create(loop, on_deadline, stream);
    assert(stream->host != NULL && stream->deadline != NULL);
    if (!prepare(stream, place, err)) {
        free_stream(stream);
        return NULL;
    }
    loop_timer_set(stream->deadline, place->connect_ms);
    return stream;
}
