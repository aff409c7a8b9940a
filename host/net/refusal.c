#include "net/refusal.h"

#include <assert.h>
#include <stddef.h>

#include "base/metric.h"
#include "net/status_text.h"

/* clang-format off */
static const struct refusal_row rows[REFUSAL_COUNT] = {
    [REFUSAL_SYNTAX]      = { 400, "syntax",      "the bytes are not an HTTP/1 request" },
    [REFUSAL_LINE_END]    = { 400, "line_end",    "a line of the head does not end in CR LF" },
    [REFUSAL_OBS_FOLD]    = { 400, "obs_fold",    "a header line starts with a space or tab" },
    [REFUSAL_METHOD]      = { 400, "method",      "the method is unknown here" },
    [REFUSAL_TARGET]      = { 400, "target",      "the request target is malformed" },
    [REFUSAL_VERSION]     = { 400, "version",     "only HTTP/1.1 and HTTP/1.0 are spoken here" },
    [REFUSAL_FIELD]       = { 400, "field",       "a header field is malformed" },
    [REFUSAL_HOST]        = { 400, "host",        "exactly one valid Host field is needed" },
    [REFUSAL_LENGTH]      = { 400, "length",      "Content-Length is malformed or repeated" },
    [REFUSAL_FRAMING]     = { 400, "framing",     "the body's length is ambiguous" },
    [REFUSAL_CODING]      = { 501, "coding",      "chunked is the only transfer coding" },
    [REFUSAL_CHUNK]       = { 400, "chunk",       "the chunked body is malformed" },
    [REFUSAL_TRAILER]     = { 400, "trailer",     "trailer fields are not accepted" },
    [REFUSAL_EXPECT]      = { 417, "expect",      "only Expect: 100-continue is understood" },
    [REFUSAL_HEAD_BYTES]  = { 431, "head_bytes",  "the request head is too long" },
    [REFUSAL_HEADERS]     = { 431, "headers",     "there are too many header fields" },
    [REFUSAL_BODY_BYTES]  = { 413, "body_bytes",  "the request body is too long" },
    [REFUSAL_SLOW]        = { 408, "slow",        "the request did not arrive in time" },
    [REFUSAL_MEMORY]      = { 503, "memory",      "the server is short of memory" },
    [REFUSAL_CONNECTIONS] = { 503, "connections", "the server has too many connections" },
    [REFUSAL_TLS]         = { 0,   "tls",         "the TLS handshake failed" },
    [REFUSAL_STALLED]     = { 0,   "stalled",     "the client did not take its reply" },
};
/* clang-format on */

static struct metric refused = { .kind = METRIC_COUNTER,
                                 .name = "esimd_http_refused_total",
                                 .help = "Requests and connections refused.",
                                 .label = "reason" };

const struct refusal_row *refusal_row(enum refusal refusal)
{
    assert(refusal > REFUSAL_NONE && refusal < REFUSAL_COUNT);
    return &rows[refusal];
}

void refusal_write(enum refusal refusal, struct buf *ret)
{
    const struct refusal_row *row = refusal_row(refusal);
    const char *title = status_text(row->status);
    buf_add_format(ret,
                   "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,"
                   "\"detail\":\"%s\",\"error\":\"%s\",\"message\":\"%s\","
                   "\"code\":\"http.%s\"}",
                   title, row->status, row->text, title, row->text, row->reason);
}

void refusal_count(enum refusal refusal)
{
    metric_count(&refused, refusal_row(refusal)->reason, NULL);
}
