#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK_BYTES = 2048, ALIGNMENT = _Alignof(max_align_t) };

struct block {
    struct block *older;
    size_t size;
    size_t used;
    _Alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    size_t limit_bytes;
    size_t used_bytes;
    struct block *newest; /* The oldest block stays for the arena's life. */
};

static struct block *block_create(size_t size, struct block *older)
{
    struct block *block = malloc(sizeof *block + size);
    if (block == NULL)
        return NULL;
    block->older = older;
    block->size = size;
    block->used = 0;
    return block;
}

struct arena *arena_create(size_t limit_bytes)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena == NULL)
        return NULL;
    arena->limit_bytes = limit_bytes;
    arena->newest = block_create(FIRST_BLOCK_BYTES, NULL);
    if (arena->newest == NULL) {
        free(arena);
        return NULL;
    }
    return arena;
}

static void drop_newer_blocks(struct arena *arena)
{
    while (arena->newest->older != NULL) {
        struct block *older = arena->newest->older;
        free(arena->newest);
        arena->newest = older;
    }
}

void arena_destroy(struct arena **arena)
{
    if (*arena == NULL)
        return;
    drop_newer_blocks(*arena);
    free((*arena)->newest);
    free(*arena);
    *arena = NULL;
}

void arena_reset(struct arena *arena)
{
    drop_newer_blocks(arena);
    arena->newest->used = 0;
    arena->used_bytes = 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size > arena->limit_bytes - arena->used_bytes)
        return NULL;
    struct block *block = arena->newest;
    if (size > block->size - block->used) {
        size_t wanted = block->size < 1u << 20 ? block->size * 2 : block->size;
        block = block_create(size > wanted ? size : wanted, arena->newest);
        if (block == NULL)
            return NULL;
        arena->newest = block;
    }
    void *piece = block->bytes + block->used;
    block->used += size;
    arena->used_bytes += size;
    return memset(piece, 0, size);
}

char *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    char *copy = size == SIZE_MAX ? NULL : arena_alloc(arena, size + 1);
    if (copy != NULL && size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
    return arena_copy(arena, text, strlen(text));
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = length < 0 ? NULL : arena_alloc(arena, (size_t)length + 1);
    if (text != NULL)
        length = vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    assert(length >= 0 || text == NULL);
    return text;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used_bytes;
}
