#include "api/order_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "order/order.h"

struct entry {
    char tenant[ORDER_TENANT_SIZE];
    char id[ID_SIZE];
    int64_t version;
    char *text;
    size_t size;
};

struct order_cache {
    unsigned entries;
    unsigned text_bytes;
    struct entry entry[];
};

struct order_cache *order_cache_create(unsigned entries, unsigned text_bytes)
{
    struct order_cache *cache = calloc(1, sizeof *cache +
                                              entries * sizeof cache->entry[0]);
    if (cache == NULL)
        return NULL;
    cache->entries = entries;
    cache->text_bytes = text_bytes;
    return cache;
}

void order_cache_destroy(struct order_cache **cache)
{
    if (*cache == NULL)
        return;
    for (unsigned i = 0; i < (*cache)->entries; i++)
        free((*cache)->entry[i].text);
    free(*cache);
    *cache = NULL;
}

/* The last digits of a UUID of version 7 are random. */
static unsigned place_of(const struct order_cache *cache, const char *id)
{
    unsigned hash = 0;
    for (const char *at = id; *at != '\0'; at++)
        hash = hash * 31 + (unsigned char)*at;
    return hash % cache->entries;
}

bool order_cache_get(const struct order_cache *cache, const char *tenant,
                     const char *id, int64_t version, struct slice *ret)
{
    const struct entry *entry = &cache->entry[place_of(cache, id)];
    if (entry->text == NULL || entry->version != version ||
        strcmp(entry->id, id) != 0 || strcmp(entry->tenant, tenant) != 0)
        return false;
    *ret = slice_bytes(entry->text, entry->size);
    return true;
}

void order_cache_put(struct order_cache *cache, const char *tenant, const char *id,
                     int64_t version, struct slice text)
{
    struct entry *entry = &cache->entry[place_of(cache, id)];
    if (text.size > cache->text_bytes ||
        !slice_copy(slice_of(tenant), entry->tenant, sizeof entry->tenant) ||
        !slice_copy(slice_of(id), entry->id, sizeof entry->id))
        return;
    char *copy = realloc(entry->text, text.size + 1);
    entry->size = copy == NULL ? 0 : text.size;
    if (copy == NULL)
        free(entry->text);
    else
        memcpy(copy, text.ptr, text.size);
    entry->text = copy;
    entry->version = version;
}
