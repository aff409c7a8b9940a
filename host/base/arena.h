/* arena.h - memory with one lifetime: taken piece by piece, thrown away whole.
 *
 * A request, a step, a parse each have one. Allocation never fails quietly: when the
 * limit is reached or the system has no more, arena_alloc returns NULL and the arena
 * stays usable.
 *
 * Threads  One arena, one thread at a time. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/slice.h"

struct arena;

/* NULL when memory is short. `limit_bytes` caps the sum of what is handed out. */
struct arena *arena_create(size_t limit_bytes);
void arena_destroy(struct arena **arena);

/* Forgets everything handed out, keeps the first block for the next use. */
void arena_reset(struct arena *arena);

/* Zeroed, aligned for any type. NULL when the limit or the memory is used up. */
void *arena_alloc(struct arena *arena, size_t size);

/* Copies with a final NUL. NULL as arena_alloc. */
char *arena_copy(struct arena *arena, const void *bytes, size_t size);
char *arena_text(struct arena *arena, const char *text);
char *arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

size_t arena_used(const struct arena *arena);

#endif
