/* lua_memory.h - all the memory of one Lua state, in one region that can be put back.
 *
 * The region is the memory cap. lua_memory_save copies what is in use;
 * lua_memory_restore writes it back, so that the state is again, byte for byte, what it
 * was: nothing a decision did can be seen by the next one, wherever it was hidden, and
 * however the decision ended. No garbage is left behind, and nothing is ever finalised.
 *
 * Threads  One region, one thread. */
#ifndef CELL_INSIDE_LUA_MEMORY_H
#define CELL_INSIDE_LUA_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Free blocks are kept by size class: steps of 16 bytes up to 512, then four to each
 * doubling, up to 1 GiB. */
enum { LUA_MEMORY_CLASSES = 32 + 4 * 21 + 1 };

struct lua_heap {
    size_t used; /* Bytes of the region ever handed out. */
    void *free[LUA_MEMORY_CLASSES];
};

struct lua_memory {
    char *region;
    size_t size;
    struct lua_heap heap;
    char *saved;
    struct lua_heap saved_heap;
};

/* False when the system has no such memory. At most 1 GiB. */
bool lua_memory_init(struct lua_memory *memory, size_t size_bytes);
void lua_memory_finish(struct lua_memory *memory);

/* A lua_Alloc; `memory` is a struct lua_memory. NULL when the region is used up. */
void *lua_memory_alloc(void *memory, void *block, size_t old_bytes, size_t new_bytes);

/* Remembers the present state; once. False when memory is short. */
bool lua_memory_save(struct lua_memory *memory);

/* Back to the remembered state. No Lua call may be running. */
void lua_memory_restore(struct lua_memory *memory);

#endif
