/* http_client.h - outbound HTTP exchanges on a loop (curl multi), many at once.
 *
 * The caller learns not only what came back but whether anything may have left: that is
 * what decides between "again" and "unknown". No redirects, no decompression, no
 * cookies, no proxies from the environment, http and https only; the address DNS gave is
 * checked before connecting; the reply's size is capped; one deadline covers it all.
 * Connections are kept per identity: a call of one credential never travels on a
 * connection of another.
 *
 * Threads  The loop's. */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"
#include "net/http_message.h"

struct http_client;
struct http_call;

struct http_client_limits {
    int64_t connections; /* Open at once, all hosts. */
    int64_t connections_per_host;
};

struct http_client *http_client_create(struct loop *loop,
                                       const struct http_client_limits *limits,
                                       struct err *err);
/* Ends every call with HTTP_MAYBE_SENT or HTTP_NOT_SENT first. Not from a `done`. */
void http_client_destroy(struct http_client **client);

enum http_end {
    HTTP_REPLIED,   /* A whole reply, any status. */
    HTTP_NOT_SENT,  /* No byte of the request left: resolve, connect, TLS failed. With
                       ERR_UNAUTHORISED: they refused our certificate. */
    HTTP_MAYBE_SENT /* It may have arrived: reset, timeout, short or oversized reply. */
};

/* Credentials and trust of an endpoint; kept by the caller as long as calls use it. */
struct http_identity {
    const char *ca_file;   /* NULL: the system's. */
    const char *cert_file; /* NULL: no client certificate. */
    const char *key_file;
    const char *pin_sha256; /* "sha256//base64", NULL: none (curl's form). */
    const char *basic;      /* "user:password", NULL: none. */
    const char *bearer;     /* Authorization: Bearer, NULL: none. */
    bool allow_private;     /* Loopback, link-local and private addresses allowed. */
};

struct http_outgoing {
    const char *method;
    const char *url; /* http or https. */
    const struct http_field *fields;
    size_t field_count;
    struct slice body;
    const struct http_identity *identity;
    int64_t connect_ms;
    int64_t timeout_ms;
    size_t reply_bytes;
    /* Only on a kept connection that was used within this many seconds; 0: any. For a
     * request that must not end MAYBE_SENT only because the other side closed an idle
     * connection just then. */
    int64_t kept_within_s;
};

/* `reply` is NULL unless HTTP_REPLIED, and borrowed during the call; `err` says why for
 * the other two. */
typedef void (*http_done)(void *arg, enum http_end end, int status,
                          const struct http_field *fields, size_t field_count,
                          struct slice body, const struct err *err);

/* Starts it; copies what it needs. `done` is called later, never from inside. NULL when
 * it cannot be started (then done is not called): a URL with another scheme or with
 * credentials, a field that is malformed or that the client sets itself (Host,
 * Content-Length, Connection and such; Authorization when the identity has one). Past
 * `connections` calls wait for their turn; their deadline runs meanwhile. The request is
 * written at most once: nothing in here repeats it. */
struct http_call *http_send(struct http_client *client,
                            const struct http_outgoing *outgoing, http_done done,
                            void *arg, struct err *err);

/* Drops it: `done` is not called. Not after `done`. */
void http_cancel(struct http_call **call);

#endif
