/* memory.h - when memory is used up, and no honest answer is left.
 *
 * Most functions say ERR_UNAVAILABLE and leave it to their caller. Where nobody could be
 * told, or a failed allocation would quietly make something else of a value (a JSON
 * object without a member, a digest of nothing), the process ends at once: the store
 * has what was acknowledged, and the next start goes on from there. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>

/* The exit status (EX_OSERR of sysexits.h). */
enum { MEMORY_EXIT = 71 };

/* One line to standard error, no destructor. Allocates nothing. */
_Noreturn void memory_used_up(void);

/* A buf could not grow: bytes that are cut off would be another text. Ends the process as
 * above; in a cell (host/cell/inside/memory.c) it returns, and the buf is failed: there
 * the limit is the adapter's or the policy's, which is told. */
void memory_short(void);

/* For what follows an allocation: false ends the process. */
static inline void memory_need(bool got)
{
    if (!got)
        memory_used_up();
}

#endif
