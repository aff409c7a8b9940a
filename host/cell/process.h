/* process.h - one process of a cell: its socket on the loop, its death, its clock.
 *
 * Cuts what comes from the socket into frames and hands them up; everything they mean
 * is the cell's. After process_kill nothing is handed up any more.
 *
 * Threads  The loop's. */
#ifndef CELL_PROCESS_H
#define CELL_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "cell/cell.h"
#include "cell/spawn.h"
#include "loop/loop.h"

struct process;

/* What its owner is told. Each may call process_kill. */
struct process_events {
    /* Before its payload is read. False: the owner does not want it and has killed. */
    bool (*head)(void *arg, const struct wire_head *head);
    void (*frame)(void *arg, const struct wire_head *head, struct slice payload);
    void (*writable)(void *arg);
    /* It ended by itself; everything it had written was handed up before. */
    void (*gone)(void *arg, const char *words);
    /* All frames that were there have been handed up. */
    void (*idle)(void *arg);
    void *arg;
};

struct process *process_create(struct loop *loop, const struct cell_program *program,
                               int64_t memory_bytes,
                               const struct process_events *events, struct err *err);

pid_t process_pid(const struct process *process);

/* Writes what the socket takes; 0 when it takes none now (`writable` follows). A broken
 * socket counts as taken: its end is told by `gone`. */
size_t process_write(struct process *process, const struct iovec *parts, int count);

/* CPU time it has used, in microseconds; -1 when it is gone. */
int64_t process_cpu_us(const struct process *process);

/* Kills; afterwards it only waits to be reaped. */
void process_kill(struct process *process);
bool process_is_dead(const struct process *process);

/* Kills if need be, waits at most `most_ms`, frees. */
void process_destroy(struct process **process, int most_ms);

#endif
