#include "net/request_reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/request_rules.h"

/* A spare request keeps no more than this of each buffer. */
enum { KEPT_BYTES = 16384 };

bool request_parts_init(struct request_parts *parts,
                        const struct request_limits *limits)
{
    *parts = (struct request_parts){ .is_safe = false };
    buf_init(&parts->head, limits->head_bytes);
    buf_init(&parts->body, limits->body_bytes);
    parts->fields = calloc(limits->headers, sizeof *parts->fields);
    return parts->fields != NULL;
}

void request_parts_finish(struct request_parts *parts)
{
    buf_finish(&parts->head);
    buf_finish(&parts->body);
    free(parts->fields);
    parts->fields = NULL;
}

static void empty_buf(struct buf *buf)
{
    if (buf->room > KEPT_BYTES)
        buf_finish(buf);
    else
        buf_clear(buf);
}

void request_parts_clear(struct request_parts *parts)
{
    empty_buf(&parts->head);
    empty_buf(&parts->body);
    struct request_parts kept = *parts;
    *parts = (struct request_parts){ .head = kept.head,
                                     .body = kept.body,
                                     .fields = kept.fields };
}

static void refuse(struct request_reader *reader, enum refusal refusal)
{
    if (reader->stage == READER_REFUSED)
        return; /* The first reason is the one to tell. */
    reader->stage = READER_REFUSED;
    reader->refusal = refusal;
}

/* ---- llhttp's callbacks, during one call over a whole head or a piece of body ---- */

static int refuse_from_callback(llhttp_t *parser, enum refusal refusal)
{
    refuse(parser->data, refusal);
    return HPE_USER;
}

static int on_url(llhttp_t *parser, const char *at, size_t size)
{
    struct request_reader *reader = parser->data;
    struct slice *path = &reader->parts->request.path;
    if (path->ptr == NULL)
        path->ptr = at;
    path->size = (size_t)(at - path->ptr) + size;
    return 0;
}

/* A name may come in several calls, but they are neighbours: the head is one piece. */
static int on_name(llhttp_t *parser, const char *at, size_t size)
{
    struct request_reader *reader = parser->data;
    struct request_parts *parts = reader->parts;
    if (!reader->in_name) {
        if (parts->field_count == reader->limits->headers)
            return refuse_from_callback(parser, REFUSAL_HEADERS);
        parts->fields[parts->field_count++] = (struct http_field){ { at, 0 },
                                                                   { "", 0 } };
        reader->in_name = true;
    }
    parts->fields[parts->field_count - 1].name.size += size;
    return 0;
}

static int on_name_complete(llhttp_t *parser)
{
    struct request_reader *reader = parser->data;
    reader->in_name = false;
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t size)
{
    struct request_reader *reader = parser->data;
    struct request_parts *parts = reader->parts;
    assert(parts->field_count > 0);
    struct slice *value = &parts->fields[parts->field_count - 1].value;
    if (value->size == 0)
        value->ptr = at;
    value->size = (size_t)(at - value->ptr) + size;
    return 0;
}

static int on_head_complete(llhttp_t *parser)
{
    struct request_reader *reader = parser->data;
    struct request_parts *parts = reader->parts;
    parts->request.is_head = parser->method == HTTP_HEAD;
    parts->is_safe = parser->method == HTTP_GET || parser->method == HTTP_HEAD ||
                     parser->method == HTTP_OPTIONS;
    parts->is_1_0 = parser->http_minor == 0;
    parts->keep_alive = llhttp_should_keep_alive(parser) != 0;
    parts->is_chunked = (parser->flags & F_CHUNKED) != 0;
    reader->head_seen = true;
    parts->length = parser->content_length;
    parser->upgrade = 0; /* Upgrade is an offer, and is not taken (RFC 9110 7.8). */
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t size)
{
    struct request_reader *reader = parser->data;
    buf_add(&reader->parts->body, at, size);
    if (!buf_ok(&reader->parts->body))
        return refuse_from_callback(parser, REFUSAL_BODY_BYTES);
    return 0;
}

/* The last chunk pauses, so that what follows it is ours to check. */
static int on_chunk(llhttp_t *parser)
{
    struct request_reader *reader = parser->data;
    if (parser->content_length == 0)
        return HPE_PAUSED;
    if (parser->content_length > reader->limits->body_bytes - reader->parts->body.size)
        return refuse_from_callback(parser, REFUSAL_BODY_BYTES);
    return 0;
}

static int on_extension(llhttp_t *parser, const char *at, size_t size)
{
    (void)at;
    (void)size;
    return refuse_from_callback(parser, REFUSAL_CHUNK);
}

static int on_message_complete(llhttp_t *parser)
{
    (void)parser;
    return HPE_PAUSED;
}

static const llhttp_settings_t callbacks = {
    .on_url = on_url,
    .on_header_field = on_name,
    .on_header_field_complete = on_name_complete,
    .on_header_value = on_value,
    .on_headers_complete = on_head_complete,
    .on_body = on_body,
    .on_chunk_header = on_chunk,
    .on_chunk_extension_name = on_extension,
    .on_message_complete = on_message_complete,
};

/* clang-format off */
static const struct { llhttp_errno_t error; enum refusal refusal; } error_rows[] = {
    { HPE_INVALID_METHOD,            REFUSAL_METHOD  },
    { HPE_PAUSED_H2_UPGRADE,         REFUSAL_METHOD  }, /* "PRI * HTTP/2.0" */
    { HPE_INVALID_URL,               REFUSAL_TARGET  },
    { HPE_INVALID_VERSION,           REFUSAL_VERSION },
    { HPE_INVALID_CONSTANT,          REFUSAL_VERSION },
    { HPE_INVALID_HEADER_TOKEN,      REFUSAL_FIELD   },
    { HPE_INVALID_CONTENT_LENGTH,    REFUSAL_LENGTH  },
    { HPE_UNEXPECTED_CONTENT_LENGTH, REFUSAL_FRAMING },
    { HPE_INVALID_TRANSFER_ENCODING, REFUSAL_FRAMING },
};
/* clang-format on */

static enum refusal refusal_of(llhttp_errno_t error)
{
    for (size_t i = 0; i < sizeof error_rows / sizeof error_rows[0]; i++)
        if (error_rows[i].error == error)
            return error_rows[i].refusal;
    return REFUSAL_SYNTAX;
}

/* ---- the head ---- */

/* llhttp must have ended exactly where our lines did. */
static void parse_head(struct request_reader *reader)
{
    struct buf *head = &reader->parts->head;
    llhttp_init(&reader->parser, HTTP_REQUEST, &callbacks);
    reader->parser.data = reader;
    llhttp_errno_t error = llhttp_execute(&reader->parser, head->ptr, head->size);
    if (error == HPE_PAUSED && reader->stage != READER_REFUSED &&
        llhttp_get_error_pos(&reader->parser) == head->ptr + head->size)
        llhttp_resume(&reader->parser);
    else if (error != HPE_OK)
        refuse(reader, refusal_of(error));
    if (!reader->head_seen)
        refuse(reader, REFUSAL_SYNTAX);
}

static void decide_body(struct request_reader *reader)
{
    struct request_parts *parts = reader->parts;
    if (parts->is_chunked) {
        reader->stage = READER_CHUNKS;
    } else if (parts->length == 0) {
        reader->stage = READER_WHOLE;
    } else if (parts->length > reader->limits->body_bytes) {
        refuse(reader, REFUSAL_BODY_BYTES);
    } else {
        reader->stage = READER_LENGTH;
        reader->body_left = (size_t)parts->length;
    }
}

static void finish_head(struct request_reader *reader)
{
    struct request_parts *parts = reader->parts;
    parse_head(reader);
    if (reader->stage == READER_REFUSED)
        return;
    struct slice rest = buf_slice(&parts->head);
    struct slice line = slice_cut(&rest, '\r');
    enum refusal refusal = request_rules_check(parts, line, parts->request.path);
    if (refusal != REFUSAL_NONE)
        refuse(reader, refusal);
    else
        decide_body(reader);
}

static void skip_empty_line(struct request_reader *reader)
{
    if (reader->skipped_line)
        refuse(reader, REFUSAL_SYNTAX);
    reader->skipped_line = true; /* RFC 9112 2.2: at least one. */
    buf_clear(&reader->parts->head);
}

/* A whole line has come: `parts->head` ends in its LF. */
static void end_line(struct request_reader *reader)
{
    struct buf *head = &reader->parts->head;
    const char *line = head->ptr + reader->line_start;
    size_t size = head->size - reader->line_start;
    if (size < 2 || line[size - 2] != '\r') {
        refuse(reader, REFUSAL_LINE_END);
    } else if (size == 2 && reader->line_start == 0) {
        skip_empty_line(reader);
    } else if (size == 2) {
        finish_head(reader);
    } else if (line[0] == ' ' || line[0] == '\t') {
        refuse(reader, REFUSAL_OBS_FOLD);
    } else if (line[0] == ':') {
        refuse(reader, REFUSAL_FIELD); /* llhttp lets an empty name pass. */
    } else {
        reader->line_start = head->size;
    }
}

/* Tells a stranger at once: a TLS hello sent to a plain port has no line to wait for. */
static void check_first_byte(struct request_reader *reader)
{
    const struct buf *head = &reader->parts->head;
    if (head->size == 0 || head->ptr[0] == '\r')
        return;
    if (head->ptr[0] < 'A' || head->ptr[0] > 'Z')
        refuse(reader, REFUSAL_METHOD);
}

static size_t take_head(struct request_reader *reader, struct slice bytes)
{
    struct buf *head = &reader->parts->head;
    const char *lf = memchr(bytes.ptr, '\n', bytes.size);
    size_t size = lf == NULL ? bytes.size : (size_t)(lf - bytes.ptr) + 1;
    buf_add(head, bytes.ptr, size);
    if (!buf_ok(head))
        refuse(reader, REFUSAL_HEAD_BYTES);
    else if (lf != NULL)
        end_line(reader);
    if (reader->stage == READER_HEAD)
        check_first_byte(reader);
    return size;
}

/* ---- the body ---- */

static size_t take_length(struct request_reader *reader, struct slice bytes)
{
    size_t size = bytes.size < reader->body_left ? bytes.size : reader->body_left;
    buf_add(&reader->parts->body, bytes.ptr, size);
    reader->body_left -= size;
    if (!buf_ok(&reader->parts->body))
        refuse(reader, REFUSAL_MEMORY);
    else if (reader->body_left == 0)
        reader->stage = READER_WHOLE;
    return size;
}

static size_t take_chunks(struct request_reader *reader, struct slice bytes)
{
    llhttp_errno_t error = llhttp_execute(&reader->parser, bytes.ptr, bytes.size);
    if (error == HPE_OK)
        return bytes.size;
    if (error != HPE_PAUSED) {
        refuse(reader, REFUSAL_CHUNK);
        return bytes.size;
    }
    reader->stage = READER_LAST_CHUNK;
    return (size_t)(llhttp_get_error_pos(&reader->parser) - bytes.ptr);
}

/* After "0 CR LF" only CR LF may come; anything else would be a trailer. */
static size_t take_last_chunk(struct request_reader *reader, struct slice bytes)
{
    static const char end[2] = "\r\n";
    if (bytes.ptr[0] != end[reader->chunk_end_seen])
        refuse(reader, REFUSAL_TRAILER);
    else if (++reader->chunk_end_seen == sizeof end)
        reader->stage = READER_WHOLE;
    return 1;
}

static size_t (*const takers[READER_STAGE_COUNT])(struct request_reader *,
                                                  struct slice) = {
    [READER_HEAD] = take_head,
    [READER_LENGTH] = take_length,
    [READER_CHUNKS] = take_chunks,
    [READER_LAST_CHUNK] = take_last_chunk,
};

void request_reader_start(struct request_reader *reader,
                          const struct request_limits *limits,
                          struct request_parts *parts)
{
    assert(parts->head.size == 0 && parts->field_count == 0);
    *reader = (struct request_reader){ .limits = limits, .parts = parts };
}

size_t request_reader_take(struct request_reader *reader, struct slice bytes)
{
    size_t taken = 0;
    while (taken < bytes.size && takers[reader->stage] != NULL)
        taken += takers[reader->stage](
            reader, slice_bytes(bytes.ptr + taken, bytes.size - taken));
    if (reader->stage == READER_WHOLE)
        reader->parts->request.body = buf_slice(&reader->parts->body);
    return taken;
}

bool request_reader_has_begun(const struct request_reader *reader)
{
    return reader->stage != READER_HEAD || reader->parts->head.size > 0 ||
           reader->skipped_line;
}

bool request_reader_awaits_body(const struct request_reader *reader)
{
    return (reader->stage == READER_LENGTH || reader->stage == READER_CHUNKS) &&
           reader->parts->body.size == 0;
}
