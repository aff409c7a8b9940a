/* refusal.h - why the server answers a request itself and closes: one row each.
 *
 * Threads  Any. */
#ifndef NET_REFUSAL_H
#define NET_REFUSAL_H

#include "base/buf.h"

enum refusal {
    REFUSAL_NONE,
    REFUSAL_SYNTAX,
    REFUSAL_LINE_END,
    REFUSAL_OBS_FOLD,
    REFUSAL_METHOD,
    REFUSAL_TARGET,
    REFUSAL_VERSION,
    REFUSAL_FIELD,
    REFUSAL_HOST,
    REFUSAL_LENGTH,
    REFUSAL_FRAMING,
    REFUSAL_CODING,
    REFUSAL_CHUNK,
    REFUSAL_TRAILER,
    REFUSAL_EXPECT,
    REFUSAL_HEAD_BYTES,
    REFUSAL_HEADERS,
    REFUSAL_BODY_BYTES,
    REFUSAL_SLOW,
    REFUSAL_MEMORY,
    REFUSAL_CONNECTIONS, /* Over the cap: 503 and closed before any byte is read. */
    REFUSAL_TLS,         /* No handshake; there is nobody to answer. */
    REFUSAL_STALLED,     /* The client did not take its reply in time. */
    REFUSAL_COUNT
};

struct refusal_row {
    int status;
    const char *reason; /* The label in /metrics, and `code` in the body. */
    const char *text;
};

const struct refusal_row *refusal_row(enum refusal refusal);

/* The problem document (RFC 9457) that goes with it. */
void refusal_write(enum refusal refusal, struct buf *ret);

/* Adds one to esimd_http_refused_total. */
void refusal_count(enum refusal refusal);

#endif
