#include "soap_store.h"

#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct kept {
    const char *key;
    char *value;
    char own_key[];
};

struct soap_store {
    struct {
        void *tree; /* tsearch(3) */
        size_t count;
    } shelves[SOAP_SHELF_COUNT];
};

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct kept *)a)->key, ((const struct kept *)b)->key);
}

static void free_kept(void *node)
{
    struct kept *entry = node;
    free(entry->value);
    free(entry);
}

struct soap_store *soap_store_create(void)
{
    return calloc(1, sizeof(struct soap_store));
}

static void empty(struct soap_store *store, int shelf)
{
    tdestroy(store->shelves[shelf].tree, free_kept);
    store->shelves[shelf].tree = NULL;
    store->shelves[shelf].count = 0;
}

void soap_store_destroy(struct soap_store **store)
{
    if (*store == NULL)
        return;
    for (int i = 0; i < SOAP_SHELF_COUNT; i++)
        empty(*store, i);
    free(*store);
    *store = NULL;
}

static struct kept *find(const struct soap_store *store, enum soap_shelf shelf,
                         const char *key)
{
    const struct kept wanted = { .key = key };
    struct kept **found = tfind(&wanted, &store->shelves[shelf].tree, by_key);
    return found == NULL ? NULL : *found;
}

const char *soap_get(const struct soap_store *store, enum soap_shelf shelf,
                     const char *key)
{
    const struct kept *entry = find(store, shelf, key);
    return entry == NULL ? NULL : entry->value;
}

static bool add(struct soap_store *store, enum soap_shelf shelf, const char *key,
                char *value)
{
    size_t size = strlen(key) + 1;
    struct kept *entry = malloc(sizeof *entry + size);
    if (entry == NULL)
        return false;
    memcpy(entry->own_key, key, size);
    entry->key = entry->own_key;
    entry->value = value;
    if (tsearch(entry, &store->shelves[shelf].tree, by_key) == NULL) {
        free(entry);
        return false;
    }
    store->shelves[shelf].count++;
    return true;
}

bool soap_put(struct soap_store *store, enum soap_shelf shelf, const char *key,
              const char *value)
{
    bool may_forget = shelf == SOAP_ANSWERS || shelf == SOAP_NONCES;
    if (may_forget && store->shelves[shelf].count >= SOAP_KEPT_MOST)
        empty(store, shelf);
    char *copy = strdup(value);
    struct kept *entry = find(store, shelf, key);
    if (copy == NULL)
        return false;
    if (entry != NULL) {
        free(entry->value);
        entry->value = copy;
        return true;
    }
    if (add(store, shelf, key, copy))
        return true;
    free(copy);
    return false;
}
