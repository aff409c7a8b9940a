/* spawn.h - starts one cell program.
 *
 * Safe in a process with many threads: nothing runs between fork and exec but the C
 * library. The child has an empty environment, its own process group, default signals,
 * no descriptor but standard ones, its socket and its files (inside/start.h). */
#ifndef CELL_SPAWN_H
#define CELL_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "cell/cell.h"

struct spawned {
    pid_t pid;
    int pidfd;  /* Names this child even when its number is used again. */
    int socket; /* Ours; non-blocking, close-on-exec. */
};

bool spawn(const struct cell_program *program, int64_t memory_bytes,
           struct spawned *ret, struct err *err);

/* SIGKILL to the process. */
void spawn_kill(const struct spawned *spawned);

/* Waits at most `most_ms` for its end and takes its status, as words ("killed by signal
 * 11 (Segmentation fault)"); then closes the pidfd. False: it is still there. */
bool spawn_reap(struct spawned *spawned, int most_ms, char *ret_words, size_t size);

#endif
