/* stream.h - one kept outbound connection, TCP or TLS, as a stream of bytes on a loop.
 *
 * What is written waits in a queue with a stated limit. Every address that the name
 * leads to is checked before connecting, and tried in turn until one connects; name,
 * connection and TLS handshake have one deadline together.
 *
 * Threads  The loop's. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "loop/loop.h"

struct stream;

struct stream_place {
    const char *host; /* A name or an address. */
    uint16_t port;
    bool tls;
    const char *ca_file;   /* NULL: the system's authorities. */
    const char *cert_file; /* NULL: no client certificate. */
    const char *key_file;
    bool allow_private; /* Loopback, link-local and private addresses allowed. */
    int64_t connect_ms;
    size_t queue_bytes;
};

/* Called one at a time, never from inside stream_open, stream_write or stream_end. */
struct stream_events {
    void (*opened)(void *arg); /* Connected, and TLS done. */
    void (*bytes)(void *arg, struct slice bytes);
    /* Nothing more will be called. ERR_NONE: stream_end was asked for. ERR_DENIED: no
     * address that may be connected to; ERR_UNTRUSTED: their certificate;
     * ERR_UNAUTHORISED: ours was refused; ERR_TIMEOUT: the deadline; ERR_IO: an open
     * connection was lost; else it could not be opened. */
    void (*closed)(void *arg, const struct err *why);
    void *arg;
};

/* Copies what it needs of `place`. NULL when it cannot be started (files that cannot be
 * read): then nothing is called. */
struct stream *stream_open(struct loop *loop, const struct stream_place *place,
                           const struct stream_events *events, struct err *err);

/* Ends it at once, without a goodbye and without a call. [also from its events] */
void stream_close(struct stream **stream);

/* False: it is not open, or the queue would pass its limit; then nothing is queued. */
bool stream_write(struct stream *stream, struct slice bytes);

/* Bytes written that the system has not yet taken. */
size_t stream_queued(const struct stream *stream);

/* While paused nothing is read, so that the other side has to wait. */
void stream_pause(struct stream *stream, bool paused);

/* Sends what is queued, says that no more follows, waits a little for the other side to
 * do the same, and then calls `closed`. What still arrives is thrown away. */
void stream_end(struct stream *stream);

#endif
