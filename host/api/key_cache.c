#include "api/key_cache.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/key_store.h"
#include "base/clock.h"

enum { SLOTS = 1024, GOOD_US = 5000000, USED_EVERY_US = 60000000 };

struct entry {
    struct api_key key; /* Without its roles. */
    struct who who;     /* card NULL: the slot is free. */
    uint64_t generation;
    int64_t read_us; /* When it was read from the store. */
    int64_t used_us; /* When its use was last written. */
};

struct key_cache {
    struct store *store;
    struct store_reader *reader;
    const _Atomic uint64_t *generation;
    struct entry entries[SLOTS];
};

struct key_cache *key_cache_create(struct store *store, struct store_reader *reader,
                                   const _Atomic uint64_t *generation)
{
    struct key_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL)
        return NULL;
    cache->store = store;
    cache->reader = reader;
    cache->generation = generation;
    return cache;
}

void key_cache_destroy(struct key_cache **cache)
{
    if (*cache == NULL)
        return;
    for (int i = 0; i < SLOTS; i++)
        json_decref((*cache)->entries[i].who.card);
    free(*cache);
    *cache = NULL;
}

struct look {
    const char *prefix;
    struct api_key key;
};

static bool look_up(struct db *db, void *arg, struct err *err)
{
    struct look *look = arg;
    return api_key_by_prefix(db, look->prefix, &look->key, err);
}

/* ---- that it was used ---- */

struct use {
    struct txn txn;
    char tenant[WHO_TENANT_SIZE];
    char id[ID_SIZE];
    int64_t at_ms;
};

static bool write_use(struct db *db, void *arg, struct err *err)
{
    struct use *use = arg;
    return api_key_used(db, use->tenant, use->id, use->at_ms, err);
}

/* Losing this note harms nobody. */
static void use_written(void *arg, bool ok, const struct err *err)
{
    (void)ok, (void)err;
    free(arg);
}

static void note_use(struct key_cache *cache, struct entry *entry, int64_t now_us)
{
    if (entry->used_us != 0 && now_us - entry->used_us < USED_EVERY_US)
        return;
    struct use *use = calloc(1, sizeof *use);
    if (use == NULL)
        return;
    entry->used_us = now_us;
    memcpy(use->tenant, entry->key.tenant, sizeof use->tenant);
    memcpy(use->id, entry->key.id, sizeof use->id);
    use->at_ms = clock_wall_ms();
    use->txn = (struct txn){ .run = write_use, .done = use_written, .arg = use };
    store_write(cache->store, &use->txn);
}

/* ---- the table ---- */

static struct entry *slot_of(struct key_cache *cache, const char *prefix)
{
    uint32_t hash = 2166136261u;
    for (const char *c = prefix; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    return &cache->entries[hash % SLOTS];
}

static bool is_good(const struct key_cache *cache, const struct entry *entry,
                    const char *prefix, int64_t now_us)
{
    return entry->who.card != NULL && strcmp(entry->key.prefix, prefix) == 0 &&
           entry->generation == atomic_load(cache->generation) &&
           now_us - entry->read_us < GOOD_US;
}

static bool fill(struct key_cache *cache, struct entry *entry, const char *prefix,
                 int64_t now_us, struct err *err)
{
    struct look look = { .prefix = prefix };
    uint64_t generation = atomic_load(cache->generation);
    if (!store_read(cache->reader, look_up, &look, err))
        return err->code == ERR_NOT_FOUND
                   ? err_set(err, ERR_DENIED, "this key is not known")
                   : err_set(err, ERR_UNAVAILABLE, "keys cannot be read now");
    bool same = strcmp(entry->key.id, look.key.id) == 0;
    json_decref(entry->who.card);
    *entry = (struct entry){ .key = look.key,
                             .who = { .kind = "api_key" },
                             .generation = generation,
                             .read_us = now_us,
                             .used_us = same ? entry->used_us : 0 };
    int length = snprintf(entry->who.subject, sizeof entry->who.subject, "key:%.120s",
                          look.key.subject);
    memcpy(entry->who.tenant, look.key.tenant, sizeof entry->who.tenant);
    who_make_card(&entry->who, look.key.roles);
    json_decref(look.key.roles);
    entry->key.roles = NULL;
    return length > 0 && entry->who.card != NULL;
}

bool key_cache_who(struct key_cache *cache, struct slice key, struct who *ret,
                   struct err *err)
{
    char prefix[KEY_PREFIX_SIZE];
    uint8_t hash[DIGEST_SIZE];
    if (!key_text_read(key, prefix, hash))
        return err_set(err, ERR_DENIED, "this is no key: its checksum does not fit");
    int64_t now_us = clock_mono_us();
    struct entry *entry = slot_of(cache, prefix);
    if (!is_good(cache, entry, prefix, now_us) &&
        !fill(cache, entry, prefix, now_us, err))
        return false;
    if (!digest_equal(entry->key.hash, hash, sizeof hash))
        return err_set(err, ERR_DENIED, "this key is not known");
    note_use(cache, entry, now_us);
    *ret = entry->who;
    json_incref(ret->card);
    return true;
}
