#include "cell/inside/talk.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { READ_BYTES = 64 << 10 };

/* What has been read and not yet been used: bytes [start, end) of `ptr`. */
static struct {
    uint8_t *ptr;
    size_t start, end, room;
} in;

static uint64_t present_call;

/* Makes room for `wanted` bytes from in.start on. */
static void make_room(size_t wanted)
{
    if (in.room - in.start >= wanted)
        return;
    if (in.start > 0) {
        memmove(in.ptr, in.ptr + in.start, in.end - in.start);
        in.end -= in.start;
        in.start = 0;
    }
    if (in.room >= wanted)
        return;
    size_t room = wanted + READ_BYTES;
    uint8_t *grown = realloc(in.ptr, room);
    if (grown == NULL)
        _exit(WIRE_EXIT_BROKEN);
    in.ptr = grown;
    in.room = room;
}

/* Reads until `wanted` bytes stand at in.start. */
static void want(size_t wanted)
{
    make_room(wanted);
    while (in.end - in.start < wanted) {
        ssize_t got = read(TALK_FD, in.ptr + in.end, in.room - in.end);
        if (got == 0)
            _exit(WIRE_EXIT_HOST_GONE);
        if (got < 0 && errno != EINTR)
            _exit(WIRE_EXIT_BROKEN);
        if (got > 0)
            in.end += (size_t)got;
    }
}

struct wire_head talk_read(struct slice *payload)
{
    if (in.start == in.end)
        in.start = in.end = 0;
    if (in.ptr == NULL)
        make_room(READ_BYTES);
    want(WIRE_HEAD_BYTES);
    struct wire_head head = wire_head_read(in.ptr + in.start);
    if (head.size > TALK_FRAME_BYTES)
        _exit(WIRE_EXIT_BROKEN);
    want(WIRE_HEAD_BYTES + head.size);
    *payload = slice_bytes(in.ptr + in.start + WIRE_HEAD_BYTES, head.size);
    in.start += WIRE_HEAD_BYTES + head.size;
    present_call = head.call;
    return head;
}

static void write_all(struct iovec *parts, int count)
{
    while (count > 0) {
        ssize_t written = writev(TALK_FD, parts, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            _exit(WIRE_EXIT_HOST_GONE);
        size_t left = (size_t)written;
        while (count > 0 && left >= parts->iov_len) {
            left -= parts->iov_len;
            parts++;
            count--;
        }
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + left;
            parts->iov_len -= left;
        }
    }
}

void talk_write(enum wire_kind kind, uint64_t call, struct slice payload)
{
    uint8_t head[WIRE_HEAD_BYTES];
    wire_head_write(&(struct wire_head){ .size = (uint32_t)payload.size,
                                         .kind = kind,
                                         .call = call },
                    head);
    struct iovec parts[] = {
        { head, sizeof head },
        { (void *)(uintptr_t)payload.ptr, payload.size },
    };
    write_all(parts, payload.size == 0 ? 1 : 2);
}

void talk_answer(struct slice payload)
{
    talk_write(WIRE_ANSWER, present_call, payload);
}

void talk_error(const char *text)
{
    talk_write(WIRE_ERROR, present_call, slice_of(text));
}

void talk_log(uint32_t level, struct slice text)
{
    /* u32 level, u32 length, text: written by hand, for this must not allocate. */
    char payload[8 + TALK_LOG_BYTES];
    size_t size = text.size < TALK_LOG_BYTES ? text.size : TALK_LOG_BYTES;
    for (size_t i = 0; i < 4; i++) {
        payload[i] = (char)(level >> (8 * i));
        payload[4 + i] = (char)(size >> (8 * i));
    }
    if (size > 0)
        memcpy(payload + 8, text.ptr, size);
    talk_write(WIRE_LOG, present_call, slice_bytes(payload, 8 + size));
}

void talk_fail(const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    talk_write(WIRE_FAILED, 0, slice_of(length < 0 ? "unknown" : text));
    _exit(WIRE_EXIT_BROKEN);
}

void talk_denied(const char *name)
{
    int kept = errno;
    talk_write(WIRE_DENIED, present_call, slice_of(name));
    errno = kept;
}
