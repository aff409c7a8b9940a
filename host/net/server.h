/* server.h - the inside of struct http_server; private to net/.
 *
 * Threads  The loop's. */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include "net/connection.h"

enum { SERVER_READ_BYTES = 65536 };

struct http_server {
    struct loop *loop;
    struct http_limits limits;
    struct request_limits request_limits;
    http_handler handler;
    void *arg;
    struct reply_writer *writer;
    struct listener *listeners;
    struct loop_timer *accept_timer; /* Accepting rests while descriptors are short. */
    struct connection *connections;  /* Also closed ones with exchanges not answered. */
    size_t open;                     /* Connections with a socket. */
    struct http_exchange *spare;
    size_t spare_count;
    const struct timeval *idle_time; /* libevent keeps equal times in one queue. */
    struct loop_timer *drain_timer;
    void (*drained)(void *arg);
    void *drained_arg;
    char scratch[SERVER_READ_BYTES]; /* What one read brings, while it is parsed. */
};

/* A connection's socket has gone. */
void server_connection_closed(struct http_server *server);

#endif
