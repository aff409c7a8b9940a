/* order_cache.h - the JSON of orders that are over, kept by one API thread.
 *
 * An order in a final state changes only together with its version, so a kept text is
 * right as long as the stored version is the one it was made of: the reader asks the
 * store for that each time, and nothing is ever stale. Orders under way are not kept.
 *
 * Threads  The worker's. */
#ifndef API_ORDER_CACHE_H
#define API_ORDER_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct order_cache;

/* At most `entries` texts of at most `text_bytes` each. NULL when memory is short. */
struct order_cache *order_cache_create(unsigned entries, unsigned text_bytes);
void order_cache_destroy(struct order_cache **cache);

/* The text, borrowed until the next put; false when it is not kept. */
bool order_cache_get(const struct order_cache *cache, const char *tenant,
                     const char *id, int64_t version, struct slice *ret);

/* Takes the place of another order where need be. Too long a text is not kept. */
void order_cache_put(struct order_cache *cache, const char *tenant, const char *id,
                     int64_t version, struct slice text);

#endif
