#include "net/pipeline.h"

#include <assert.h>

#include "base/clock.h"
#include "net/server.h"

void pipeline_init(struct connection *connection)
{
    connection->first = NULL;
    connection->last = &connection->first;
}

static void push(struct connection *connection, struct http_exchange *exchange)
{
    connection->reading = NULL;
    *connection->last = exchange;
    connection->last = &exchange->next;
    connection->queued++;
    connection->queued_unsafe += !exchange->parts.is_safe;
    connection->handed++;
}

static struct http_exchange *pop(struct connection *connection)
{
    struct http_exchange *exchange = connection->first;
    connection->first = exchange->next;
    exchange->next = NULL;
    if (connection->first == NULL)
        connection->last = &connection->first;
    connection->queued--;
    connection->queued_unsafe -= !exchange->parts.is_safe;
    return exchange;
}

/* HTTP/1.0 ends a stream by closing, so nothing may follow it in the queue. */
static bool may_begin(const struct connection *connection)
{
    size_t limit = connection->takes_turns ? 1 : connection->server->limits.pipeline;
    return !connection->closing && connection->queued < limit;
}

static bool may_start(const struct connection *connection)
{
    return connection->queued == 0 ||
           (connection->queued_unsafe == 0 && connection->reading->parts.is_safe);
}

static bool begin(struct connection *connection)
{
    connection->reading = exchange_take(connection);
    if (connection->reading == NULL) {
        refusal_count(REFUSAL_MEMORY);
        connection_close(connection);
        return false;
    }
    connection->requests++;
    connection->began_us = clock_mono_us();
    request_reader_start(&connection->reader, &connection->server->request_limits,
                         &connection->reading->parts);
    return true;
}

static void start(struct connection *connection)
{
    struct http_exchange *exchange = connection->reading;
    push(connection, exchange);
    connection->takes_turns = exchange->parts.is_1_0;
    if (!exchange->parts.keep_alive)
        connection->closing = true;
    exchange->state = EXCHANGE_OPEN;
    connection->server->handler(exchange, connection->server->arg);
}

void pipeline_refuse(struct connection *connection, enum refusal refusal)
{
    struct http_exchange *exchange = connection->reading;
    assert(exchange != NULL);
    connection->closing = true;
    push(connection, exchange);
    exchange_refuse(exchange, refusal);
}

static void read_some(struct connection *connection, struct slice *bytes)
{
    if (connection->reading == NULL && !begin(connection))
        return;
    size_t taken = request_reader_take(&connection->reader, *bytes);
    *bytes = slice_bytes(bytes->ptr + taken, bytes->size - taken);
    if (connection->reader.stage == READER_REFUSED)
        pipeline_refuse(connection, connection->reader.refusal);
}

struct slice pipeline_read(struct connection *connection, struct slice bytes)
{
    while (!connection->closed) {
        bool is_whole = connection->reading != NULL &&
                        connection->reader.stage == READER_WHOLE;
        if (is_whole && !may_start(connection))
            return bytes;
        if (is_whole)
            start(connection);
        else if (bytes.size == 0)
            return bytes;
        else if (connection->reading == NULL && !may_begin(connection))
            break;
        else
            read_some(connection, &bytes);
        pipeline_shift(connection);
    }
    return connection->closing ? slice_bytes("", 0) : bytes;
}

void pipeline_shift(struct connection *connection)
{
    while (connection->first != NULL && connection->first->state == EXCHANGE_ENDED) {
        exchange_release(pop(connection));
        connection->handed--;
        struct http_exchange *next = connection->first;
        if (next == NULL)
            return;
        buf_add_slice(&connection->out, buf_slice(&next->waiting));
        buf_finish(&next->waiting);
    }
}

void pipeline_continue(struct connection *connection)
{
    struct http_exchange *exchange = connection->reading;
    if (exchange == NULL || !exchange->parts.wants_continue ||
        connection->first != NULL || !request_reader_awaits_body(&connection->reader))
        return;
    exchange->parts.wants_continue = false;
    buf_add_text(&connection->out, "HTTP/1.1 100 Continue\r\n\r\n");
}

static void abandon(struct connection *connection, struct http_exchange *exchange)
{
    if (exchange->state == EXCHANGE_ENDED) {
        exchange_release(exchange);
        connection->handed--;
        return;
    }
    exchange->state = EXCHANGE_GONE;
    if (exchange->gone != NULL)
        exchange->gone(exchange->gone_arg); /* May answer, which releases it. */
}

void pipeline_abandon(struct connection *connection)
{
    if (connection->reading != NULL)
        exchange_release(connection->reading);
    connection->reading = NULL;
    while (connection->first != NULL)
        abandon(connection, pop(connection));
}
