/* http_server.h - HTTP/1.1 over TCP, TLS and the Unix socket: llhttp, libevent, OpenSSL.
 *
 * One server per loop; several loops listen on the same address with SO_REUSEPORT. The
 * handler may answer at once or later, on the same loop; requests of one connection are
 * answered in order. Everything ambiguous (design: two Content-Lengths, CL with TE, bare
 * LF, obs-fold, two Hosts, NUL, a coding other than chunked alone, HTTP/1.0 with
 * Transfer-Encoding) is a 4xx and a close. A deadline covers the *whole* head and the
 * whole body, so that a slow drip is cut.
 *
 * Threads  The loop's. */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "loop/loop.h"
#include "net/http_message.h"
#include "net/tls.h"

struct http_server;
struct http_exchange;

struct http_limits {
    size_t head_bytes, body_bytes, headers, pipeline, connections, gzip_bytes;
    int64_t head_ms, request_ms, idle_ms, write_ms;
};

/* Called for each whole request, in order. A request is handed out while an earlier one
 * of its connection is open only when all of them are GET, HEAD or OPTIONS. Answer with
 * http_answer or a stream, now or later. */
typedef void (*http_handler)(struct http_exchange *exchange, void *arg);

struct http_server *http_server_create(struct loop *loop,
                                       const struct http_limits *limits,
                                       http_handler handler, void *arg,
                                       struct err *err);

/* Closes listeners and connections at once; open exchanges see on_gone and may be
 * answered after. Not from inside a handler. */
void http_server_destroy(struct http_server **server);

/* "127.0.0.1:0", "[::1]:8080". `tls` NULL: plain; kept until the server is destroyed.
 * May be called several times. The bound address (with the real port) goes to
 * ret_address. */
bool http_server_listen(struct http_server *server, const char *address,
                        struct tls_server *tls, char ret_address[64], struct err *err);

/* A Unix socket with mode 0660; a stale file is replaced, a live one is an error. */
bool http_server_listen_unix(struct http_server *server, const char *path,
                             struct err *err);

/* Graceful stop: accepts no more, closes idle connections, answers what is open with
 * Connection: close, then calls `drained` (also when `after_ms` has passed; what is left
 * is then cut). */
void http_server_drain(struct http_server *server, int64_t after_ms,
                       void (*drained)(void *arg), void *arg);

const struct http_request *http_exchange_request(const struct http_exchange *exchange);

/* Memory for this exchange; gone when it has been answered. */
struct arena *http_exchange_arena(struct http_exchange *exchange);

/* When the client goes away before the answer (also when it ends its side of the
 * connection, or during http_stream_write): called once; then http_answer or
 * http_stream_end is still due, may be called from `gone`, and sends nothing. */
void http_exchange_on_gone(struct http_exchange *exchange, void (*gone)(void *arg),
                           void *arg);

/* Answers. Copies what it needs; the exchange is not to be used afterwards. A reply
 * whose fields could split it (CR, LF, NUL) or that names a field of the server's own
 * becomes a 500. */
void http_answer(struct http_exchange *exchange, const struct http_reply *reply);

/* Closes the connection in place of the answer, or of the rest of a stream: for callers
 * that must fail a client on purpose. The exchange is not to be used afterwards. */
void http_exchange_cut(struct http_exchange *exchange);

/* ---- long replies: event streams ---- */

/* Sends the head now and the body piece by piece (chunked; to HTTP/1.0 until the close).
 * http_stream_write is false when the client is gone or too slow: more than
 * `pending_bytes` would wait for it. http_stream_end is due in any case. */
void http_stream_start(struct http_exchange *exchange, const struct http_reply *head,
                       size_t pending_bytes);
bool http_stream_write(struct http_exchange *exchange, struct slice piece);
void http_stream_end(struct http_exchange *exchange);

/* The server counts what it refuses: shown by /metrics as esimd_http_refused_total. */

#endif
