/* connection.h - one accepted connection and the exchanges on it; private to net/.
 *
 * A connection reads one request at a time. A whole request becomes an exchange at the
 * end of the queue and is handed to the handler, at once if it and all before it are
 * safe methods, else when those before it are answered (RFC 9112 9.3.2). The exchange at
 * the front writes to the connection; the others keep their bytes until it is their turn.
 *
 * Memory   A connection outlives its socket until every exchange has been answered,
 *          because a request borrows its peer.
 * Threads  The loop's. */
#ifndef NET_CONNECTION_H
#define NET_CONNECTION_H

#include <event2/event_struct.h>

#include "base/arena.h"
#include "net/http_server.h"
#include "net/reply_writer.h"
#include "net/request_reader.h"
#include "net/transport.h"

enum exchange_state {
    EXCHANGE_READING, /* Its request is not whole yet. */
    EXCHANGE_OPEN,    /* The handler has it. */
    EXCHANGE_STREAMING,
    EXCHANGE_ENDED, /* Answered; perhaps not at the front yet. */
    EXCHANGE_GONE   /* The client went away; the answer is still due. */
};

struct http_exchange {
    struct connection *connection;
    struct http_exchange *next; /* In the connection's queue, or among the spare. */
    enum exchange_state state;
    struct request_parts parts;
    struct arena *arena;
    struct buf waiting; /* Reply bytes, while earlier replies are due. */
    void (*gone)(void *arg);
    void *gone_arg;
    size_t pending_bytes; /* A stream's cap. */
    bool is_chunked;      /* The stream's pieces are framed. */
};

/* What the timer on reading stands for. */
enum wait {
    WAIT_NONE,
    WAIT_FIRST, /* A new connection's first byte, TLS handshake included. */
    WAIT_IDLE,
    WAIT_HEAD,
    WAIT_BODY,
    WAIT_LINGER,
    WAIT_COUNT
};

struct connection {
    struct http_server *server; /* NULL once it is destroyed. */
    struct connection *previous, *next;
    struct transport transport;
    struct http_peer peer;
    struct event readable, writable, read_timer, write_timer;
    struct request_reader reader;
    struct http_exchange *reading; /* NULL between requests. */
    struct http_exchange *first;   /* The queue, in the order of the requests. */
    struct http_exchange **last;
    size_t queued;
    size_t queued_unsafe;
    size_t handed;   /* Exchanges that the handler still has to answer. */
    struct buf held; /* Read, and to be parsed when the queue has room. */
    size_t held_at;
    struct buf out; /* To be written from out_at. */
    size_t out_at;
    uint64_t written;    /* Bytes, ever. */
    uint64_t write_mark; /* `written` must reach this before the write timer fires. */
    enum wait wait;
    uint64_t waited_request; /* The request that `wait` is about. */
    uint64_t requests;       /* Begun on this connection. */
    int64_t began_us;        /* When the request being read began. */
    unsigned busy;           /* Calls into this connection under way. */
    bool reads_on;           /* `readable` is added. */
    bool closing;            /* Begins no more requests; ends when all is written. */
    bool takes_turns;        /* The last request was 1.0: no other beside it. */
    bool at_eof;             /* The client has ended its side. */
    bool lingering;          /* Ours is ended; what still comes is thrown away. */
    bool closed;             /* The socket is gone. */
};

/* Takes the file descriptor. */
void connection_open(struct http_server *server, int fd, const struct sockaddr *address,
                     struct tls_server *tls);

/* Cuts it now; open exchanges see on_gone. */
void connection_close(struct connection *connection);

/* Ends it as soon as what was begun is answered. */
void connection_drain(struct connection *connection);

/* A closed one forgets its server, which is going. May free it. */
void connection_orphan(struct connection *connection);

/* Visits every connection of the server, closed ones too. */
void connection_each(struct http_server *server,
                     void (*visit)(struct connection *connection));

/* Where the bytes of this exchange's reply go now. */
struct buf *connection_out(struct http_exchange *exchange);

/* Bytes of this exchange's reply that the socket has not taken yet. */
size_t connection_pending(const struct http_exchange *exchange);

/* Writes what the socket takes. False when it failed and the connection was closed; from
 * inside an exchange's call the memory stays. */
bool connection_flush(struct connection *connection);

/* After bytes were added or an exchange ended: moves the queue, writes, reads on. May
 * free the connection and ended exchanges; false when the connection is closed. */
bool connection_advance(struct connection *connection);

/* The handler has answered an exchange that is gone. May free the connection. */
void connection_handed_back(struct connection *connection);

/* Answers in place of the handler, and closes after it. */
void exchange_refuse(struct http_exchange *exchange, enum refusal refusal);

struct http_exchange *exchange_take(struct connection *connection);
void exchange_release(struct http_exchange *exchange);
void exchange_free(struct http_exchange *exchange);

#endif
