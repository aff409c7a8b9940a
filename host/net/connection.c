#include "net/connection.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/metric.h"
#include "net/pipeline.h"
#include "net/server.h"

enum {
    OUT_BYTES_MAX = 1 << 30,
    OUT_KEPT_BYTES = 16384, /* Of an idle connection. */
    LINGER_MS = 2000        /* For the client to see our end before we cut. */
};

static struct metric open_connections = { .kind = METRIC_GAUGE,
                                          .name = "esimd_http_connections",
                                          .help = "Connections open now." };
static struct metric accepted = { .kind = METRIC_COUNTER,
                                  .name = "esimd_http_accepted_total",
                                  .help = "Connections accepted.",
                                  .label = "transport" };

static bool settle(struct connection *connection);

/* ---- end of life ---- */

static void unlink_from_server(struct connection *connection)
{
    struct http_server *server = connection->server;
    if (server == NULL)
        return;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        server->connections = connection->next;
    connection->previous = NULL;
    connection->next = NULL;
}

static void free_if_done(struct connection *connection)
{
    if (!connection->closed || connection->busy > 0 || connection->handed > 0)
        return;
    unlink_from_server(connection);
    free(connection);
}

static void close_socket(struct connection *connection)
{
    event_del(&connection->readable);
    event_del(&connection->writable);
    event_del(&connection->read_timer);
    event_del(&connection->write_timer);
    transport_close(&connection->transport);
    buf_finish(&connection->held);
    buf_finish(&connection->out);
    connection->held_at = 0;
    connection->out_at = 0;
}

void connection_close(struct connection *connection)
{
    if (connection->closed) {
        free_if_done(connection);
        return;
    }
    connection->closed = true;
    connection->busy++;
    close_socket(connection);
    pipeline_abandon(connection);
    metric_add(metric_series(&open_connections, NULL, NULL), -1);
    server_connection_closed(connection->server);
    connection->busy--;
    free_if_done(connection);
}

void connection_handed_back(struct connection *connection)
{
    connection->handed--;
    free_if_done(connection);
}

/* ---- deadlines ---- */

static enum wait wait_now(const struct connection *connection)
{
    if (connection->lingering)
        return WAIT_LINGER;
    if (connection->reading != NULL) {
        enum reader_stage stage = connection->reader.stage;
        return stage == READER_HEAD    ? WAIT_HEAD
               : stage == READER_WHOLE ? WAIT_NONE
                                       : WAIT_BODY;
    }
    if (connection->first != NULL)
        return WAIT_NONE;
    return connection->requests == 0 ? WAIT_FIRST : WAIT_IDLE;
}

static void arm(struct connection *connection, int64_t after_ms)
{
    struct timeval after = { .tv_sec = (time_t)(after_ms / 1000),
                             .tv_usec = (suseconds_t)(after_ms % 1000 * 1000) };
    event_add(&connection->read_timer, &after);
}

/* The body's deadline counts from the request's first byte. */
static int64_t body_ms(const struct connection *connection)
{
    int64_t spent_ms = (clock_mono_us() - connection->began_us) / 1000;
    int64_t left_ms = connection->server->limits.request_ms - spent_ms;
    return left_ms > 0 ? left_ms : 0;
}

/* Deadlines stand from when the wait began, whatever trickles in; only an idle
 * connection's starts again. */
static void update_deadline(struct connection *connection)
{
    const struct http_limits *limits = &connection->server->limits;
    enum wait wait = wait_now(connection);
    if (wait == WAIT_IDLE) {
        event_add(&connection->read_timer, connection->server->idle_time);
    } else if (wait != connection->wait ||
               connection->waited_request != connection->requests) {
        if (wait == WAIT_NONE)
            event_del(&connection->read_timer);
        else
            arm(connection, wait == WAIT_LINGER ? LINGER_MS
                            : wait == WAIT_BODY ? body_ms(connection)
                                                : limits->head_ms);
    }
    connection->wait = wait;
    connection->waited_request = connection->requests;
}

static void on_read_deadline(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct connection *connection = arg;
    if (connection->reading == NULL) {
        connection_close(connection); /* Idle or lingering: nothing to say. */
        return;
    }
    connection->busy++;
    pipeline_refuse(connection, REFUSAL_SLOW);
    connection->busy--;
    connection_advance(connection);
}

/* Cuts a client that did not take what was due when the timer was set; one that takes
 * it, however slowly, gets the time again for what came since. */
static void watch_writing(struct connection *connection)
{
    int64_t write_ms = connection->server->limits.write_ms;
    struct timeval after = { .tv_sec = (time_t)(write_ms / 1000),
                             .tv_usec = (suseconds_t)(write_ms % 1000 * 1000) };
    connection->write_mark = connection->written + connection->out.size -
                             connection->out_at;
    event_add(&connection->write_timer, &after);
}

static void on_write_deadline(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct connection *connection = arg;
    if (connection->written >= connection->write_mark) {
        watch_writing(connection);
        return;
    }
    refusal_count(REFUSAL_STALLED);
    connection_close(connection);
}

/* ---- writing ---- */

struct buf *connection_out(struct http_exchange *exchange)
{
    struct connection *connection = exchange->connection;
    return connection->first == exchange ? &connection->out : &exchange->waiting;
}

size_t connection_pending(const struct http_exchange *exchange)
{
    const struct connection *connection = exchange->connection;
    return connection->first == exchange ? connection->out.size - connection->out_at
                                         : exchange->waiting.size;
}

static void all_written(struct connection *connection)
{
    connection->out_at = 0;
    if (connection->out.room > OUT_KEPT_BYTES)
        buf_finish(&connection->out);
    else
        buf_clear(&connection->out);
    if (event_pending(&connection->write_timer, EV_TIMEOUT, NULL))
        event_del(&connection->write_timer);
}

static void wait_for_room(struct connection *connection)
{
    buf_drop(&connection->out, connection->out_at);
    connection->out_at = 0;
    event_add(&connection->writable, NULL);
    if (!event_pending(&connection->write_timer, EV_TIMEOUT, NULL))
        watch_writing(connection);
}

bool connection_flush(struct connection *connection)
{
    struct buf *out = &connection->out;
    if (!buf_ok(out)) { /* Half a reply must not look whole. */
        connection_close(connection);
        return false;
    }
    while (connection->out_at < out->size) {
        size_t size = 0;
        enum transport_end end = transport_write(&connection->transport,
                                                 out->ptr + connection->out_at,
                                                 out->size - connection->out_at, &size);
        if (end == TRANSPORT_EOF || end == TRANSPORT_FAILED) {
            connection_close(connection);
            return false;
        }
        if (end != TRANSPORT_DONE) {
            wait_for_room(connection);
            return true;
        }
        connection->out_at += size;
        connection->written += size;
    }
    if (out->size > 0)
        all_written(connection);
    return true;
}

/* ---- reading ---- */

static void parse_held(struct connection *connection)
{
    struct buf *held = &connection->held;
    struct slice bytes = slice_bytes(held->ptr + connection->held_at,
                                     held->size - connection->held_at);
    struct slice left = pipeline_read(connection, bytes);
    if (connection->closed)
        return;
    connection->held_at = held->size - left.size;
    if (left.size > 0)
        return;
    buf_finish(held);
    connection->held_at = 0;
}

static void parse_fresh(struct connection *connection, struct slice bytes)
{
    struct slice left = pipeline_read(connection, bytes);
    if (!connection->closed)
        buf_add_slice(&connection->held, left);
}

/* Reads requests until nothing more can be done without the socket or the handler. */
static bool turn(struct connection *connection, struct slice fresh)
{
    connection->busy++;
    if (connection->held.size > 0) {
        assert(fresh.size == 0); /* Nothing is read while something is held. */
        parse_held(connection);
    } else {
        parse_fresh(connection, fresh);
    }
    connection->busy--;
    return settle(connection);
}

static void describe_peer(struct connection *connection)
{
    if (connection->transport.tls != NULL && !connection->peer.is_tls)
        transport_peer_certificate(&connection->transport, &connection->peer);
}

/* The client's end of sending is taken as its going away: an answer that is due later
 * would be for nobody. What is already answered is still written. */
static void on_eof(struct connection *connection)
{
    connection->at_eof = true;
    connection->closing = true;
    connection->busy++;
    pipeline_abandon(connection);
    connection->busy--;
    settle(connection);
}

/* Ends our side first and waits for the client's end: closing with unread bytes would
 * reset the connection and take the last reply with it (RFC 9112 9.6). */
static void linger(struct connection *connection)
{
    connection->lingering = true;
    transport_end(&connection->transport);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct connection *connection = arg;
    char *scratch = connection->server->scratch;
    size_t size = 0;
    switch (transport_read(&connection->transport, scratch, SERVER_READ_BYTES, &size)) {
    case TRANSPORT_DONE:
        describe_peer(connection);
        if (!connection->lingering)
            turn(connection, slice_bytes(scratch, size));
        break;
    case TRANSPORT_WANTS_READ:
        break;
    case TRANSPORT_WANTS_WRITE:
        event_add(&connection->writable, NULL);
        break;
    case TRANSPORT_EOF:
        on_eof(connection);
        break;
    case TRANSPORT_FAILED:
        if (connection->lingering || transport_is_open(&connection->transport)) {
            connection_close(connection);
            break;
        }
        refusal_count(REFUSAL_TLS);
        linger(connection); /* So that the alert arrives. */
        update_deadline(connection);
        break;
    }
}

/* Also when a TLS read had to write first: then reading goes on. */
static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct connection *connection = arg;
    if (connection->out.size == 0 && connection->transport.tls != NULL)
        on_readable(fd, what, connection);
    else
        settle(connection);
}

/* ---- the state after every event ---- */

static void read_while_useful(struct connection *connection)
{
    bool useful = connection->held.size == 0 && !connection->at_eof;
    if (useful == connection->reads_on)
        return;
    connection->reads_on = useful;
    if (useful)
        event_add(&connection->readable, NULL);
    else
        event_del(&connection->readable);
}

static bool is_over(const struct connection *connection)
{
    return connection->closing && connection->reading == NULL &&
           connection->first == NULL && connection->out.size == 0;
}

/* False when the connection is closed; it may then be freed. */
static bool settle(struct connection *connection)
{
    if (connection->busy > 0)
        return !connection->closed; /* Whoever is busy settles after. */
    if (connection->closed) {
        free_if_done(connection);
        return false;
    }
    pipeline_continue(connection);
    if (!connection_flush(connection))
        return false;
    if (is_over(connection) && connection->at_eof) {
        connection_close(connection);
        return false;
    }
    if (is_over(connection) && !connection->lingering)
        linger(connection);
    read_while_useful(connection);
    update_deadline(connection);
    return true;
}

bool connection_advance(struct connection *connection)
{
    if (connection->busy == 0 && !connection->closed) {
        connection->busy++;
        pipeline_shift(connection);
        connection->busy--;
        return turn(connection, slice_bytes("", 0));
    }
    return settle(connection);
}

void connection_drain(struct connection *connection)
{
    connection->closing = true;
    settle(connection);
}

void connection_orphan(struct connection *connection)
{
    assert(connection->closed);
    connection->busy++;
    unlink_from_server(connection);
    connection->server = NULL;
    connection->busy--;
    free_if_done(connection);
}

/* A visit may free any connection but the one it is at. */
void connection_each(struct http_server *server,
                     void (*visit)(struct connection *connection))
{
    struct connection *at = server->connections;
    if (at != NULL)
        at->busy++;
    while (at != NULL) {
        struct connection *next = at->next;
        if (next != NULL)
            next->busy++;
        at->busy--;
        visit(at);
        at = next;
    }
}

/* ---- beginning of life ---- */

static const char *transport_name(const struct connection *connection)
{
    if (connection->peer.is_unix)
        return "unix";
    return connection->transport.tls != NULL ? "tls" : "tcp";
}

static void link_to_server(struct connection *connection, struct http_server *server)
{
    connection->server = server;
    connection->next = server->connections;
    if (connection->next != NULL)
        connection->next->previous = connection;
    server->connections = connection;
    server->open++;
}

static void assign_events(struct connection *connection, struct event_base *base,
                          int fd)
{
    event_assign(&connection->readable, base, fd, EV_READ | EV_PERSIST, on_readable,
                 connection);
    event_assign(&connection->writable, base, fd, EV_WRITE, on_writable, connection);
    event_assign(&connection->read_timer, base, -1, 0, on_read_deadline, connection);
    event_assign(&connection->write_timer, base, -1, 0, on_write_deadline, connection);
}

void connection_open(struct http_server *server, int fd, const struct sockaddr *address,
                     struct tls_server *tls)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
        refusal_count(REFUSAL_MEMORY);
        close(fd);
        return;
    }
    transport_peer(fd, address, &connection->peer);
    if (!transport_open(&connection->transport, fd, tls)) {
        refusal_count(REFUSAL_MEMORY);
        free(connection);
        return;
    }
    pipeline_init(connection);
    buf_init(&connection->held, SERVER_READ_BYTES);
    buf_init(&connection->out, OUT_BYTES_MAX);
    assign_events(connection, loop_base(server->loop), fd);
    link_to_server(connection, server);
    metric_add(metric_series(&open_connections, NULL, NULL), 1);
    metric_count(&accepted, transport_name(connection), NULL);
    settle(connection);
}
