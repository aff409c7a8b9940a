/* lock.h - how a cell gives up every right but to compute and to talk.
 *
 * Two steps. lock_begin runs before foreign code is loaded: from then on nothing can be
 * executed, forked, traced or connected, though files can still be read. lock_finish
 * runs after the warm-up: from then on only the calls in lock_calls.c work, on the
 * socket alone and on private memory.
 *
 * A refused call is reported to the host by name (WIRE_DENIED, once per name) and fails
 * inside: EPERM for calls about files, ENOSYS for the rest, so that newer C libraries
 * fall back to what they did before. A call that only an attacker makes (exec, socket,
 * clone, ptrace ...) is reported and ends the process with WIRE_EXIT_FORBIDDEN. Both
 * are SECCOMP_RET_TRAP: the kernel never carries the call out, whatever the process does
 * with its signal handler (a blocked SIGSYS kills it).
 *
 * The C library is warmed up here too (malloc's random key, qsort's memory size, the
 * time zone): later it would ask the kernel for things that are refused. */
#ifndef CELL_INSIDE_LOCK_H
#define CELL_INSIDE_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* `parent`: the host's process id; when it is gone already the process ends. One malloc
 * arena, no core file, no child, no capability, no new privileges, killed when the host
 * dies. */
bool lock_begin(pid_t parent, struct err *err);

/* `memory_bytes`: what may still be allocated from here on. Closes every descriptor but
 * the socket. There is no way back. */
bool lock_finish(uint64_t memory_bytes, struct err *err);

#endif
