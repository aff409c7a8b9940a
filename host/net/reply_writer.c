#include "net/reply_writer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "net/gzip.h"
#include "net/status_text.h"

struct reply_writer {
    size_t gzip_bytes;
    struct gzip *gzip;
    int64_t date_s;
    char date[64]; /* "Date: ... CR LF", for this second. */
    size_t date_size;
};

struct reply_writer *reply_writer_create(size_t gzip_bytes)
{
    struct reply_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return NULL;
    writer->gzip_bytes = gzip_bytes;
    writer->date_s = -1;
    writer->gzip = gzip_create();
    if (writer->gzip == NULL)
        reply_writer_destroy(&writer);
    return writer;
}

void reply_writer_destroy(struct reply_writer **writer)
{
    if (*writer == NULL)
        return;
    gzip_destroy(&(*writer)->gzip);
    free(*writer);
    *writer = NULL;
}

/* RFC 9110 5.6.7. Names are spelled here: strftime's depend on the locale. */
static void add_date(struct reply_writer *writer, struct buf *ret)
{
    static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    int64_t now_s = clock_wall_ms() / 1000;
    if (now_s != writer->date_s) {
        time_t seconds = (time_t)now_s;
        struct tm t;
        struct tm *done = gmtime_r(&seconds, &t);
        assert(done != NULL);
        int size = snprintf(writer->date, sizeof writer->date,
                            "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
                            days[t.tm_wday], t.tm_mday, months[t.tm_mon],
                            t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
        assert(size > 0);
        writer->date_size = (size_t)size;
        writer->date_s = now_s;
    }
    buf_add(ret, writer->date, writer->date_size);
}

static bool name_is_fit(struct slice name)
{
    static const char *const ours[] = { "content-length", "transfer-encoding",
                                        "connection", "date" };
    for (size_t i = 0; i < name.size; i++)
        if (name.ptr[i] <= ' ' || name.ptr[i] == ':' || name.ptr[i] == 0x7f)
            return false;
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (slice_is_nocase(name, ours[i]))
            return false;
    return name.size > 0;
}

static bool fields_are_fit(const struct http_reply *reply)
{
    for (size_t i = 0; i < reply->field_count; i++) {
        struct slice value = reply->fields[i].value;
        if (!name_is_fit(reply->fields[i].name))
            return false;
        for (size_t k = 0; k < value.size; k++)
            if (value.ptr[k] == '\r' || value.ptr[k] == '\n' || value.ptr[k] == '\0')
                return false;
    }
    return true;
}

static struct slice reply_field(const struct http_reply *reply, const char *name)
{
    return http_field_of(reply->fields, reply->field_count, name);
}

static bool is_packable_type(struct slice type)
{
    static const char *const kinds[] = {
        "text/",           "application/json",       "application/problem+json",
        "application/xml", "application/javascript", "image/svg+xml"
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (slice_starts(type, kinds[i]))
            return true;
    return false;
}

/* Whether another client might get these bytes packed: then caches must know (Vary). */
static bool may_pack(const struct reply_writer *writer, const struct http_reply *reply,
                     const struct reply_terms *terms)
{
    struct slice etag = reply_field(reply, "etag");
    return !terms->stream && !reply->no_compress &&
           reply->body.size >= writer->gzip_bytes && reply->status != 206 &&
           (etag.ptr == NULL || slice_starts(etag, "W/")) &&
           reply_field(reply, "content-encoding").ptr == NULL &&
           is_packable_type(reply_field(reply, "content-type"));
}

static bool wants_gzip(const struct http_request *request)
{
    return request != NULL &&
           gzip_is_accepted(
               http_field_of(request->fields, request->field_count, "accept-encoding"));
}

static void add_number(struct buf *ret, size_t number)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    buf_add(ret, digits + at, sizeof digits - at);
}

#define ADD(ret, text) buf_add((ret), (text), sizeof(text) - 1)

static void add_status(struct buf *ret, int status)
{
    ADD(ret, "HTTP/1.1 ");
    add_number(ret, (size_t)status);
    buf_add_char(ret, ' ');
    buf_add_text(ret, status_text(status));
    ADD(ret, "\r\n");
}

static void add_fields(struct buf *ret, const struct http_reply *reply)
{
    for (size_t i = 0; i < reply->field_count; i++) {
        buf_add_slice(ret, reply->fields[i].name);
        ADD(ret, ": ");
        buf_add_slice(ret, reply->fields[i].value);
        ADD(ret, "\r\n");
    }
}

/* RFC 9112 6.3: 1xx, 204 and 304 have no body, whatever the head says. */
static bool has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

static void add_framing(struct buf *ret, int status, size_t body_size,
                        const struct reply_terms *terms)
{
    if (has_body(status) && !terms->stream) {
        ADD(ret, "Content-Length: ");
        add_number(ret, body_size);
        ADD(ret, "\r\n");
    } else if (has_body(status) && !terms->is_1_0) {
        ADD(ret, "Transfer-Encoding: chunked\r\n");
    }
    if (terms->close)
        ADD(ret, "Connection: close\r\n");
    else if (terms->is_1_0)
        ADD(ret, "Connection: keep-alive\r\n");
    ADD(ret, "\r\n");
}

void reply_writer_add(struct reply_writer *writer, const struct http_reply *reply,
                      const struct reply_terms *terms, struct buf *ret)
{
    static const struct http_reply broken = { .status = 500 };
    bool fit = reply->status >= 200 && reply->status <= 999 && fields_are_fit(reply);
    if (!fit)
        reply = &broken;
    struct slice body = reply->body;
    add_status(ret, reply->status);
    add_date(writer, ret);
    add_fields(ret, reply);
    if (may_pack(writer, reply, terms)) {
        ADD(ret, "Vary: Accept-Encoding\r\n");
        if (wants_gzip(terms->request) && gzip_pack(writer->gzip, body, &body))
            ADD(ret, "Content-Encoding: gzip\r\n");
    }
    add_framing(ret, reply->status, body.size, terms);
    bool is_head = terms->request != NULL && terms->request->is_head;
    if (has_body(reply->status) && !terms->stream && !is_head)
        buf_add_slice(ret, body);
}
