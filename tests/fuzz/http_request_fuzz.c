/* The server's reader of requests. The first byte chooses how the rest is cut into
 * pieces; however it is cut, the same requests must be read and the same one refused. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/request_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct request_limits limits = { .head_bytes = 1024,
                                              .body_bytes = 512,
                                              .headers = 8 };

static void must(bool condition)
{
    if (!condition)
        abort();
}

static bool lies_in(struct slice part, const struct buf *whole)
{
    return part.size == 0 ||
           (part.ptr >= whole->ptr && part.ptr + part.size <= whole->ptr + whole->size);
}

/* What every handler takes for granted. */
static void check_request(const struct request_parts *parts)
{
    const struct http_request *request = &parts->request;
    must(request->method.size > 0 && request->path.size > 0);
    must(request->path.ptr[0] == '/' || slice_is(request->path, "*"));
    must(request->field_count <= limits.headers);
    must(request->body.size <= limits.body_bytes);
    must(lies_in(request->method, &parts->head) &&
         lies_in(request->query, &parts->head));
    size_t hosts = 0, lengths = 0, codings = 0;
    for (size_t i = 0; i < request->field_count; i++) {
        const struct http_field *field = &request->fields[i];
        must(field->name.size > 0 && field->value.ptr != NULL);
        must(lies_in(field->name, &parts->head) && lies_in(field->value, &parts->head));
        must(field->value.size == 0 ||
             memchr(field->value.ptr, '\n', field->value.size) == NULL);
        hosts += slice_is_nocase(field->name, "host");
        lengths += slice_is_nocase(field->name, "content-length");
        codings += slice_is_nocase(field->name, "transfer-encoding");
    }
    must(hosts == 1 || (hosts == 0 && parts->is_1_0));
    must(lengths + codings <= 1);
    must(lengths + codings == 1 || request->body.size == 0);
}

static void note_request(const struct http_request *request, struct buf *notes)
{
    const struct slice parts[] = { request->method, request->path, request->query,
                                   request->body };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        buf_add_slice(notes, parts[i]);
        buf_add_char(notes, '\n');
    }
    for (size_t i = 0; i < request->field_count; i++) {
        buf_add_slice(notes, request->fields[i].name);
        buf_add_slice(notes, request->fields[i].value);
    }
}

/* Reads requests to the end or to the first refused one. `seed` 0: in one piece. */
static void read_all(struct slice bytes, uint8_t seed, struct buf *notes)
{
    struct request_parts parts;
    struct request_reader reader;
    must(request_parts_init(&parts, &limits));
    request_reader_start(&reader, &limits, &parts);
    unsigned step = seed;
    while (bytes.size > 0 && reader.stage != READER_REFUSED) {
        step = step * 73 + 41;
        size_t piece = seed == 0 ? bytes.size : 1 + step / 7 % 9;
        if (piece > bytes.size)
            piece = bytes.size;
        size_t taken = request_reader_take(&reader, slice_bytes(bytes.ptr, piece));
        must(taken > 0 && taken <= piece);
        bytes = slice_bytes(bytes.ptr + taken, bytes.size - taken);
        if (reader.stage != READER_WHOLE)
            continue;
        check_request(&parts);
        note_request(&parts.request, notes);
        request_parts_clear(&parts);
        request_reader_start(&reader, &limits, &parts);
    }
    if (reader.stage == READER_REFUSED)
        must(refusal_row(reader.refusal)->status >= 400);
    buf_add_char(notes, (char)('0' + reader.stage));
    request_parts_finish(&parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 65536)
        return 0;
    struct slice bytes = slice_bytes(data + 1, size - 1);
    struct buf whole, cut;
    buf_init(&whole, 1 << 20);
    buf_init(&cut, 1 << 20);
    read_all(bytes, 0, &whole);
    read_all(bytes, (uint8_t)(data[0] | 1), &cut);
    must(slice_equal(buf_slice(&whole), buf_slice(&cut)));
    buf_finish(&whole);
    buf_finish(&cut);
    return 0;
}
