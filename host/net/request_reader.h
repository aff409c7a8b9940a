/* request_reader.h - the bytes of one request, in any pieces, into a struct http_request.
 *
 * Two readers have to agree. Ours cuts the head into lines and is strict about their
 * ends; llhttp reads the whole head at once; request_rules.h then refuses what llhttp
 * lets through. Trailers and chunk extensions are refused: nothing here uses them and
 * both have been used to smuggle (RFC 9112 7.1.1, 7.1.2).
 *
 * Memory   The parts are the caller's; the request points into them.
 * Threads  One reader, one thread at a time. */
#ifndef NET_REQUEST_READER_H
#define NET_REQUEST_READER_H

#include <llhttp.h>
#include <stdbool.h>

#include "base/buf.h"
#include "net/http_message.h"
#include "net/refusal.h"

/* What one request is kept in; reused from request to request. */
struct request_parts {
    struct http_request request;
    struct buf head; /* As received, to the empty line. */
    struct buf body;
    struct http_field *fields;
    size_t field_count;
    bool is_1_0;
    bool is_safe;    /* GET, HEAD, OPTIONS: may run beside others (RFC 9112 9.3.2). */
    bool keep_alive; /* The client wants another request on this connection. */
    bool is_chunked;
    bool wants_continue; /* Expect: 100-continue. */
    uint64_t length;     /* Of Content-Length. */
};

struct request_limits {
    size_t head_bytes, body_bytes, headers;
};

bool request_parts_init(struct request_parts *parts,
                        const struct request_limits *limits);
void request_parts_finish(struct request_parts *parts);

/* Forgets the request; large buffers go back to the system. */
void request_parts_clear(struct request_parts *parts);

enum reader_stage {
    READER_HEAD,
    READER_LENGTH,
    READER_CHUNKS,
    READER_LAST_CHUNK,
    READER_WHOLE,
    READER_REFUSED,
    READER_STAGE_COUNT
};

struct request_reader {
    const struct request_limits *limits;
    struct request_parts *parts;
    enum reader_stage stage;
    enum refusal refusal; /* When READER_REFUSED. */
    /* Private from here. */
    llhttp_t parser;
    size_t line_start; /* Of the line being read, in parts->head. */
    bool skipped_line; /* One empty line before a request is allowed. */
    bool in_name;      /* llhttp is inside a field's name. */
    bool head_seen;    /* llhttp agrees that the head is over. */
    size_t body_left;
    size_t chunk_end_seen; /* Bytes of the last CR LF. */
};

/* Starts a request into `parts`, which are clear; both pointers are kept until it is
 * whole or refused. */
void request_reader_start(struct request_reader *reader,
                          const struct request_limits *limits,
                          struct request_parts *parts);

/* Takes what belongs to this request and returns how many bytes that was; less than
 * given once the stage is READER_WHOLE or READER_REFUSED. */
size_t request_reader_take(struct request_reader *reader, struct slice bytes);

/* True once the first byte of the request has come. */
bool request_reader_has_begun(const struct request_reader *reader);

/* True between the head's end and the first byte of the body. */
bool request_reader_awaits_body(const struct request_reader *reader);

#endif
