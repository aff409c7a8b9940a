/* buf.h - bytes that grow at the end, with a stated limit.
 *
 * Once an append would pass the limit, the buf is *failed*: it keeps what it has, further
 * appends do nothing, and buf_ok says false. So a writer appends freely and asks once.
 * The bytes always end in a NUL that does not count. Without memory: base/memory.h.
 *
 * Threads  One buf, one thread at a time. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct buf {
    char *ptr;
    size_t size;        /* Bytes used. */
    size_t limit_bytes; /* Never more than this. */
    size_t room;
    bool failed;
};

void buf_init(struct buf *buf, size_t limit_bytes);
void buf_finish(struct buf *buf);

/* As buf_finish, but wipes the bytes first: for buffers that held a secret. */
void buf_finish_secret(struct buf *buf);

void buf_clear(struct buf *buf);
bool buf_ok(const struct buf *buf);
void buf_add(struct buf *buf, const void *bytes, size_t size);
void buf_add_slice(struct buf *buf, struct slice slice);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_char(struct buf *buf, char c);
void buf_add_format(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Drops the first `size` bytes. */
void buf_drop(struct buf *buf, size_t size);

struct slice buf_slice(const struct buf *buf);

/* Hands the NUL-ended bytes to the caller, who frees them; the buf is then empty. NULL
 * when the buf had failed. */
char *buf_take(struct buf *buf);

#endif
