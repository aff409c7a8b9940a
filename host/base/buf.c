#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void buf_init(struct buf *buf, size_t limit_bytes)
{
    *buf = (struct buf){ .limit_bytes = limit_bytes };
}

void buf_finish(struct buf *buf)
{
    free(buf->ptr);
    *buf = (struct buf){ .limit_bytes = buf->limit_bytes };
}

void buf_finish_secret(struct buf *buf)
{
    if (buf->ptr != NULL)
        explicit_bzero(buf->ptr, buf->room);
    buf_finish(buf);
}

void buf_clear(struct buf *buf)
{
    buf->size = 0;
    buf->failed = false;
    if (buf->ptr != NULL)
        buf->ptr[0] = '\0';
}

bool buf_ok(const struct buf *buf)
{
    return !buf->failed;
}

/* Room for `more` bytes and the NUL, or the buf becomes failed. */
static bool reserve(struct buf *buf, size_t more)
{
    if (buf->failed || more > buf->limit_bytes - buf->size) {
        buf->failed = true;
        return false;
    }
    size_t needed = buf->size + more + 1;
    if (needed <= buf->room)
        return true;
    size_t room = buf->room == 0 ? 128 : buf->room;
    while (room < needed)
        room *= 2;
    char *grown = realloc(buf->ptr, room);
    if (grown == NULL) {
        memory_short();
        buf->failed = true;
        return false;
    }
    buf->ptr = grown;
    buf->room = room;
    return true;
}

void buf_add(struct buf *buf, const void *bytes, size_t size)
{
    if (!reserve(buf, size))
        return;
    if (size > 0)
        memcpy(buf->ptr + buf->size, bytes, size);
    buf->size += size;
    buf->ptr[buf->size] = '\0';
}

void buf_add_slice(struct buf *buf, struct slice slice)
{
    buf_add(buf, slice.ptr, slice.size);
}

void buf_add_text(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_add_char(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_add_format(struct buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(length >= 0);
    if (reserve(buf, (size_t)length)) {
        length = vsnprintf(buf->ptr + buf->size, (size_t)length + 1, format, again);
        assert(length >= 0);
        buf->size += (size_t)length;
    }
    va_end(again);
}

void buf_drop(struct buf *buf, size_t size)
{
    assert(size <= buf->size);
    if (size == 0)
        return;
    buf->size -= size;
    memmove(buf->ptr, buf->ptr + size, buf->size + 1);
}

struct slice buf_slice(const struct buf *buf)
{
    return (struct slice){ buf->ptr == NULL ? "" : buf->ptr, buf->size };
}

char *buf_take(struct buf *buf)
{
    if (buf->failed || !reserve(buf, 0)) {
        buf_finish(buf);
        return NULL;
    }
    buf->ptr[buf->size] = '\0';
    char *ptr = buf->ptr;
    *buf = (struct buf){ .limit_bytes = buf->limit_bytes };
    return ptr;
}
