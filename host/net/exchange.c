/* One request and its reply, as the handler sees them. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/server.h"

enum {
    ARENA_BYTES = 64 << 20, /* A bound on mistakes, not a plan. */
    SPARE_MAX = 256,
    REPLY_BYTES_MAX = 1 << 30
};

static struct http_exchange *exchange_create(const struct http_server *server)
{
    struct http_exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL)
        return NULL;
    exchange->arena = arena_create(ARENA_BYTES);
    buf_init(&exchange->waiting, REPLY_BYTES_MAX);
    if (!request_parts_init(&exchange->parts, &server->request_limits) ||
        exchange->arena == NULL) {
        exchange_free(exchange);
        return NULL;
    }
    return exchange;
}

void exchange_free(struct http_exchange *exchange)
{
    request_parts_finish(&exchange->parts);
    arena_destroy(&exchange->arena);
    buf_finish(&exchange->waiting);
    free(exchange);
}

struct http_exchange *exchange_take(struct connection *connection)
{
    struct http_server *server = connection->server;
    struct http_exchange *exchange = server->spare;
    if (exchange == NULL) {
        exchange = exchange_create(server);
    } else {
        server->spare = exchange->next;
        server->spare_count--;
    }
    if (exchange == NULL)
        return NULL;
    exchange->connection = connection;
    exchange->next = NULL;
    exchange->state = EXCHANGE_READING;
    exchange->parts.request.peer = &connection->peer;
    return exchange;
}

void exchange_release(struct http_exchange *exchange)
{
    struct http_server *server = exchange->connection->server;
    if (server == NULL || server->spare_count >= SPARE_MAX) {
        exchange_free(exchange);
        return;
    }
    request_parts_clear(&exchange->parts);
    arena_reset(exchange->arena);
    buf_finish(&exchange->waiting);
    exchange->gone = NULL;
    exchange->connection = NULL;
    exchange->next = server->spare;
    server->spare = exchange;
    server->spare_count++;
}

const struct http_request *http_exchange_request(const struct http_exchange *exchange)
{
    return &exchange->parts.request;
}

struct arena *http_exchange_arena(struct http_exchange *exchange)
{
    return exchange->arena;
}

void http_exchange_on_gone(struct http_exchange *exchange, void (*gone)(void *arg),
                           void *arg)
{
    exchange->gone = gone;
    exchange->gone_arg = arg;
}

/* The last use of an exchange that nobody waits for. */
static void drop(struct http_exchange *exchange)
{
    struct connection *connection = exchange->connection;
    exchange_release(exchange);
    connection_handed_back(connection);
}

static void write_reply(struct http_exchange *exchange, const struct http_reply *reply,
                        bool stream)
{
    struct connection *connection = exchange->connection;
    struct request_parts *parts = &exchange->parts;
    if (stream && parts->is_1_0)
        connection->closing = true; /* The close is the body's end. */
    bool is_read = parts->request.method.ptr != NULL;
    struct reply_terms terms = {
        .request = is_read ? &parts->request : NULL,
        .is_1_0 = parts->is_1_0,
        .close = connection->closing && exchange->next == NULL &&
                 connection->reading == NULL,
        .stream = stream,
    };
    reply_writer_add(connection->server->writer, reply, &terms,
                     connection_out(exchange));
}

static void end(struct http_exchange *exchange)
{
    struct connection *connection = exchange->connection;
    bool is_whole = buf_ok(connection_out(exchange));
    exchange->state = EXCHANGE_ENDED;
    exchange->gone = NULL;
    if (is_whole)
        connection_advance(connection);
    else
        connection_close(connection);
}

void http_answer(struct http_exchange *exchange, const struct http_reply *reply)
{
    if (exchange->state == EXCHANGE_GONE) {
        drop(exchange);
        return;
    }
    assert(exchange->state == EXCHANGE_OPEN);
    write_reply(exchange, reply, false);
    end(exchange);
}

void http_exchange_cut(struct http_exchange *exchange)
{
    exchange->gone = NULL; /* Its handler knows. */
    if (exchange->state != EXCHANGE_GONE)
        connection_close(exchange->connection);
    drop(exchange);
}

void exchange_refuse(struct http_exchange *exchange, enum refusal refusal)
{
    struct buf body;
    buf_init(&body, 4096);
    refusal_write(refusal, &body);
    refusal_count(refusal);
    const struct http_field type = { SLICE_LITERAL("Content-Type"),
                                     SLICE_LITERAL("application/problem+json") };
    const struct http_reply reply = { .status = refusal_row(refusal)->status,
                                      .fields = &type,
                                      .field_count = 1,
                                      .body = buf_slice(&body),
                                      .no_compress = true };
    write_reply(exchange, &reply, false);
    exchange->state = EXCHANGE_ENDED;
    buf_finish(&body);
}

/* ---- streams ---- */

void http_stream_start(struct http_exchange *exchange, const struct http_reply *head,
                       size_t pending_bytes)
{
    if (exchange->state == EXCHANGE_GONE)
        return;
    assert(exchange->state == EXCHANGE_OPEN);
    exchange->state = EXCHANGE_STREAMING;
    exchange->pending_bytes = pending_bytes;
    exchange->is_chunked = !exchange->parts.is_1_0;
    write_reply(exchange, head, true);
    connection_advance(exchange->connection);
}

static bool is_over_cap(const struct http_exchange *exchange, size_t more)
{
    return more > exchange->pending_bytes ||
           connection_pending(exchange) > exchange->pending_bytes - more;
}

/* Makes room by writing first; a client that is still too slow is cut. */
static bool has_room(struct http_exchange *exchange, size_t size)
{
    struct connection *connection = exchange->connection;
    if (!is_over_cap(exchange, size))
        return true;
    if (!connection_flush(connection))
        return false;
    if (!is_over_cap(exchange, size))
        return true;
    refusal_count(REFUSAL_STALLED);
    connection_close(connection);
    return false;
}

bool http_stream_write(struct http_exchange *exchange, struct slice piece)
{
    if (exchange->state == EXCHANGE_GONE)
        return false;
    assert(exchange->state == EXCHANGE_STREAMING);
    if (piece.size == 0 || exchange->parts.request.is_head)
        return true; /* An empty chunk would be the last. */
    if (!has_room(exchange, piece.size))
        return false;
    struct buf *out = connection_out(exchange);
    if (exchange->is_chunked)
        buf_add_format(out, "%zx\r\n", piece.size);
    buf_add_slice(out, piece);
    if (exchange->is_chunked)
        buf_add_text(out, "\r\n");
    return connection_advance(exchange->connection);
}

void http_stream_end(struct http_exchange *exchange)
{
    if (exchange->state == EXCHANGE_GONE) {
        drop(exchange);
        return;
    }
    assert(exchange->state == EXCHANGE_STREAMING);
    if (exchange->is_chunked && !exchange->parts.request.is_head)
        buf_add_text(connection_out(exchange), "0\r\n\r\n");
    end(exchange);
}
