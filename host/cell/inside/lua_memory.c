#include "cell/inside/lua_memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    GRAIN = 16,
    LINEAR_MOST = 512, /* Up to here each class is one grain wider than the last. */
    LINEAR_CLASSES = LINEAR_MOST / GRAIN,
    BLOCK_MOST = 1 << 30
};

/* The smallest class whose blocks hold `bytes`; bytes is 1 to BLOCK_MOST. */
static size_t class_of(size_t bytes)
{
    if (bytes <= LINEAR_MOST)
        return (bytes + GRAIN - 1) / GRAIN - 1;
    unsigned log = 63 - (unsigned)__builtin_clzl(bytes - 1);
    size_t quarter = ((bytes - 1) >> (log - 2)) & 3;
    return LINEAR_CLASSES + 4 * (log - 9) + quarter;
}

static size_t class_bytes(size_t class)
{
    if (class < LINEAR_CLASSES)
        return (class + 1) * GRAIN;
    size_t above = class - LINEAR_CLASSES;
    return (size_t)(5 + above % 4) << (above / 4 + 7);
}

bool lua_memory_init(struct lua_memory *memory, size_t size_bytes)
{
    assert(size_bytes <= BLOCK_MOST);
    *memory = (struct lua_memory){ .size = size_bytes };
    void *region = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED)
        return false;
    memory->region = region;
    return true;
}

void lua_memory_finish(struct lua_memory *memory)
{
    if (memory->region != NULL)
        munmap(memory->region, memory->size);
    free(memory->saved);
    *memory = (struct lua_memory){ 0 };
}

static void *take(struct lua_memory *memory, size_t class)
{
    struct lua_heap *heap = &memory->heap;
    void *block = heap->free[class];
    if (block != NULL) {
        memcpy(&heap->free[class], block, sizeof block);
        return block;
    }
    size_t bytes = class_bytes(class);
    if (bytes > memory->size - heap->used)
        return NULL;
    block = memory->region + heap->used;
    heap->used += bytes;
    return block;
}

static void give_back(struct lua_memory *memory, void *block, size_t class)
{
    memcpy(block, &memory->heap.free[class], sizeof block);
    memory->heap.free[class] = block;
}

void *lua_memory_alloc(void *arg, void *block, size_t old_bytes, size_t new_bytes)
{
    struct lua_memory *memory = arg;
    if (new_bytes == 0) {
        if (block != NULL && old_bytes > 0)
            give_back(memory, block, class_of(old_bytes));
        return NULL;
    }
    if (new_bytes > memory->size)
        return NULL;
    size_t class = class_of(new_bytes);
    if (block == NULL) /* Then old_bytes is a type, not a size. */
        return take(memory, class);
    size_t old_class = class_of(old_bytes);
    if (class == old_class)
        return block;
    void *moved = take(memory, class);
    if (moved == NULL)
        return new_bytes < old_bytes ? block : NULL; /* Shrinking must not fail. */
    memcpy(moved, block, old_bytes < new_bytes ? old_bytes : new_bytes);
    give_back(memory, block, old_class);
    return moved;
}

bool lua_memory_save(struct lua_memory *memory)
{
    assert(memory->saved == NULL);
    memory->saved = malloc(memory->heap.used);
    if (memory->saved == NULL)
        return false;
    memcpy(memory->saved, memory->region, memory->heap.used);
    memory->saved_heap = memory->heap;
    return true;
}

void lua_memory_restore(struct lua_memory *memory)
{
    assert(memory->saved != NULL);
    memcpy(memory->region, memory->saved, memory->saved_heap.used);
    memory->heap = memory->saved_heap;
}
