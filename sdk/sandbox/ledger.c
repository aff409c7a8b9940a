#include "ledger.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

enum { BLOCK_BYTES = 1 << 20, LINE_BYTES = 64 << 10 };

/* Whole lines; full blocks are dropped from the front. */
struct block {
    struct block *next;
    uint64_t first; /* seq of its first line. */
    size_t used;
    char bytes[BLOCK_BYTES];
};

struct ledger {
    struct block *oldest;
    struct block *newest;
    size_t blocks;
    size_t blocks_max;
    uint64_t last;
    struct buf line;
};

struct ledger *ledger_create(size_t limit_bytes)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);
    if (ledger == NULL)
        return NULL;
    ledger->blocks_max = limit_bytes / BLOCK_BYTES + 2;
    buf_init(&ledger->line, LINE_BYTES);
    return ledger;
}

void ledger_destroy(struct ledger **ledger)
{
    if (*ledger == NULL)
        return;
    for (struct block *block = (*ledger)->oldest; block != NULL;) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
    buf_finish(&(*ledger)->line);
    free(*ledger);
    *ledger = NULL;
}

/* A block with room for `size` bytes: the newest, or a new or recycled one. */
static struct block *room_for(struct ledger *ledger, size_t size)
{
    struct block *block = ledger->newest;
    if (block != NULL && block->used + size <= BLOCK_BYTES)
        return block;
    block = ledger->blocks < ledger->blocks_max ? malloc(sizeof *block) : NULL;
    if (block != NULL) {
        ledger->blocks++;
    } else {
        block = ledger->oldest;
        if (block == NULL)
            return NULL;
        ledger->oldest = block->next;
    }
    block->next = NULL;
    block->used = 0;
    block->first = ledger->last + 1;
    if (ledger->oldest == NULL)
        ledger->oldest = block;
    else
        ledger->newest->next = block;
    ledger->newest = block;
    return block;
}

static void write_line(struct ledger *ledger, const char *kind, const json_t *members)
{
    struct buf *line = &ledger->line;
    buf_clear(line);
    buf_add_format(line, "{\"seq\":%" PRIu64 ",\"at_ms\":%" PRId64 ",\"kind\":\"%s\"",
                   ledger->last + 1, clock_wall_ms(), kind);
    size_t at = line->size;
    if (json_object_size(members) > 0)
        json_write(members, line);
    else
        buf_add_char(line, '}');
    if (buf_ok(line) && line->ptr[at] == '{')
        line->ptr[at] = ','; /* The members' own brace: they belong to the line. */
    buf_add_char(line, '\n');
}

void ledger_add(struct ledger *ledger, const char *kind, json_t *members)
{
    write_line(ledger, kind, members);
    if (!buf_ok(&ledger->line))
        write_line(ledger, kind, NULL); /* Too long to keep: say that it happened. */
    json_decref(members);
    struct block *block = room_for(ledger, ledger->line.size);
    if (block == NULL)
        return;
    memcpy(block->bytes + block->used, ledger->line.ptr, ledger->line.size);
    block->used += ledger->line.size;
    ledger->last++;
}

/* Where the line after `after` begins in this block. */
static size_t skip(const struct block *block, uint64_t after)
{
    size_t at = 0;
    for (uint64_t seq = block->first; seq <= after && at < block->used; seq++) {
        const char *end = memchr(block->bytes + at, '\n', block->used - at);
        at = (size_t)(end - block->bytes) + 1;
    }
    return at;
}

void ledger_read(const struct ledger *ledger, uint64_t after, struct buf *ret)
{
    if (ledger->oldest != NULL && ledger->oldest->first > after + 1)
        buf_add_format(ret, "{\"kind\":\"dropped\",\"count\":%" PRIu64 "}\n",
                       ledger->oldest->first - after - 1);
    for (const struct block *block = ledger->oldest; block != NULL;
         block = block->next) {
        size_t at = skip(block, after);
        buf_add(ret, block->bytes + at, block->used - at);
    }
}

uint64_t ledger_last(const struct ledger *ledger)
{
    return ledger->last;
}
