/* cell.h - one locked child process that runs foreign code, seen from the host.
 *
 * A cell gets its code as sealed memory files, warms up, locks itself, says READY, and
 * then answers calls one after the other. The host holds a pidfd; every wait is bounded;
 * what the cell says is read as hostile. A crash, a hang, garbage, an oversized answer
 * or used-up memory costs this cell alone: it is killed, the call at its head ends with
 * the reason, later calls are sent again to the next process, and the cell is respawned
 * with backoff. Too many deaths in a window make it unhealthy: calls then end
 * CELL_DOWN until a spawn succeeds and stays.
 *
 * Threads  The loop's. */
#ifndef CELL_CELL_H
#define CELL_CELL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "cell/wire.h"
#include "loop/loop.h"

struct cell;

enum cell_end {
    CELL_ANSWERED,
    CELL_ERROR,     /* The code inside reported an error (WIRE_ERROR): reply is text. */
    CELL_CRASHED,   /* It died while this call was at its head. */
    CELL_HUNG,      /* CPU or wall deadline. */
    CELL_GARBAGE,   /* An answer that is no answer. */
    CELL_OVERSIZED, /* More bytes than allowed. */
    CELL_DOWN,      /* Not carried out: unhealthy, stopping, or the queue is full. */
    CELL_END_COUNT
};

const char *cell_end_name(enum cell_end end);

struct cell_limits {
    int64_t memory_bytes;
    int64_t cpu_ms, wall_ms; /* Of one call. */
    int64_t spawn_ms;
    size_t output_bytes;
    size_t queue; /* Calls waiting and in flight. */
    int64_t deaths, deaths_window_ms;
    int64_t backoff_ms, backoff_most_ms;
};

/* A piece of code or data given to the cell as file descriptor 4, 5, ... in order. */
struct cell_file {
    const char *name; /* For humans and for the cell's argv. */
    int fd;           /* A sealed memory file; borrowed, kept until the cell is gone. */
};

struct cell_program {
    const char *path; /* .../esim-cell or .../esim-policy-cell */
    const char *name; /* "atom 1.2.0": in logs, metrics and the process title. */
    const struct cell_file
        *files; /* Kept until the cell is destroyed, as are `args`. */
    size_t file_count;
    const char *const *args; /* Further arguments, NULL-ended; may be NULL. */
};

/* What the owner wants to know. All may be NULL. */
struct cell_watch {
    void (*ready)(void *arg, struct slice description); /* Each time a process is up. */
    void (*died)(void *arg, enum cell_end why, const char *reason);
    void (*health)(void *arg, bool healthy, const char *reason);
    void (*log)(void *arg, uint64_t call, uint32_t level, struct slice text);
    void *arg;
};

/* Spawns the first process at once. */
struct cell *cell_create(struct loop *loop, const struct cell_program *program,
                         const struct cell_limits *limits,
                         const struct cell_watch *watch, struct err *err);

/* Kills the process (bounded wait); open calls end CELL_DOWN first. May be called from
 * a callback of this cell. */
void cell_destroy(struct cell **cell);

/* One call. `payload` is copied. `done` is called later, never from inside; `reply` is
 * borrowed during it: the answer with CELL_ANSWERED, else a sentence that says why. The
 * return is the call's number (in log lines); 0 when not even a refusal could be noted,
 * or the cell is being destroyed: then `done` is never called. Several calls made in
 * one turn of the loop leave together. */
typedef void (*cell_done)(void *arg, enum cell_end end, struct slice reply);
uint64_t cell_call(struct cell *cell, enum wire_kind kind, struct slice payload,
                   cell_done done, void *arg);

/* The call's answer is no longer wanted: `done` is not called. */
void cell_forget(struct cell *cell, uint64_t call);

struct cell_state {
    pid_t pid; /* 0 while none runs. */
    bool ready, healthy;
    uint64_t calls, deaths, in_flight;
    int64_t spawn_us; /* Of the last spawn, to ready. */
    char reason[160]; /* Of the last death; empty when none. */
};
void cell_read_state(const struct cell *cell, struct cell_state *ret);

/* Bytes as a sealed, read-only memory file (memfd), close-on-exec. -1 on failure. */
int cell_memory_file(const char *name, struct slice bytes, struct err *err);

/* Where a call of struct cell is not wanted (tools): spawn, handshake, one call, kill; a
 * bounded blocking form. The bufs are initialised by the caller. True: the cell was
 * ready and the call was carried out, `end` says how it ended and `reply` what it said.
 * False: it could not start, and `err` says why. `kind` 0: only the handshake.
 * Must not be called from inside a loop. [any thread] */
struct cell_attempt {
    enum cell_end end;
    struct buf description; /* What READY said. */
    struct buf reply;
    struct buf log; /* Every log line and refused system call, a line each. */
};
void cell_attempt_init(struct cell_attempt *attempt, size_t limit_bytes);
void cell_attempt_finish(struct cell_attempt *attempt);
bool cell_attempt(const struct cell_program *program, const struct cell_limits *limits,
                  enum wire_kind kind, struct slice payload, struct cell_attempt *ret,
                  struct err *err);

#endif
