/* reply_writer.h - a struct http_reply as the bytes of HTTP/1.1.
 *
 * Adds Date, Content-Length or Transfer-Encoding, Connection, and gzip where the client
 * asked and the reply allows it. A reply with a strong ETag is never packed: that tag
 * names exact bytes (RFC 9110 8.8.3), and If-Match has to match it later.
 *
 * Threads  One writer, one thread at a time. */
#ifndef NET_REPLY_WRITER_H
#define NET_REPLY_WRITER_H

#include <stdbool.h>

#include "base/buf.h"
#include "net/http_message.h"

struct reply_writer;

/* What the exchange says about its reply. */
struct reply_terms {
    const struct http_request *request; /* NULL: no request could be read. */
    bool is_1_0;
    bool close;  /* This is the connection's last reply. */
    bool stream; /* The body follows piece by piece. */
};

struct reply_writer *reply_writer_create(size_t gzip_bytes);
void reply_writer_destroy(struct reply_writer **writer);

/* Appends head and body. A field that could split or misframe the reply (CR, LF, NUL,
 * or one of the fields above) makes it a 500 without fields. */
void reply_writer_add(struct reply_writer *writer, const struct http_reply *reply,
                      const struct reply_terms *terms, struct buf *ret);

#endif
