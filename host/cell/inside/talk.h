/* talk.h - a cell's end of its socket: whole frames, blocking, nothing else.
 *
 * Shared by both cell programs. Reading takes as much as the socket has, so calls sent
 * ahead cost no system call each; an answer is written at once, because an answer that
 * waits in memory would be lost with a crash in the next call, and the wrong call would
 * be blamed. Works before and after lock_finish.
 *
 * Threads  A cell has one. talk_denied may be called from a signal handler. */
#ifndef CELL_INSIDE_TALK_H
#define CELL_INSIDE_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "cell/wire.h"

enum {
    TALK_FD = 3,                 /* The socket to the host. */
    TALK_FILE_FD = 4,            /* The first sealed memory file; the next is 5. */
    TALK_FRAME_BYTES = 64 << 20, /* A larger frame is a broken host. */
    TALK_LOG_BYTES = 512         /* Kept of a log line. */
};

/* Waits for the next frame. `payload` is borrowed until the next talk_read and may be
 * changed in place. Ends the process quietly when the host has gone, and with an error
 * when it speaks nonsense. */
struct wire_head talk_read(struct slice *payload);

/* Writes one frame. Ends the process when the host has gone. */
void talk_write(enum wire_kind kind, uint64_t call, struct slice payload);

/* An answer, or an error with its sentence, to the call read last. */
void talk_answer(struct slice payload);
void talk_error(const char *text);

/* A line for the operator's log, tied to the present call. Cut at TALK_LOG_BYTES. */
void talk_log(uint32_t level, struct slice text);

/* Says why this cell cannot start, and ends the process. */
_Noreturn void talk_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Names a refused system call to the host. [signal handler] */
void talk_denied(const char *name);

#endif
