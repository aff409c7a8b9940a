/* key_cache.h - keys that were used lately, so that a request does not read the store.
 *
 * An entry is good until any key changes (the generation counts up) or its time is over
 * (another node may have revoked it). That a key was used is written at most once a
 * minute.
 *
 * Threads  The loop's. */
#ifndef API_KEY_CACHE_H
#define API_KEY_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/identity.h"
#include "base/err.h"
#include "base/slice.h"
#include "store/store.h"

struct key_cache;

/* `generation` is kept and read at every look. */
struct key_cache *key_cache_create(struct store *store, struct store_reader *reader,
                                   const _Atomic uint64_t *generation);
void key_cache_destroy(struct key_cache **cache);

/* Who holds this key? ERR_DENIED: none does; ERR_UNAVAILABLE: the store cannot say. The
 * caller drops ret->card. */
bool key_cache_who(struct key_cache *cache, struct slice key, struct who *ret,
                   struct err *err);

#endif
