/* adapter_sight.h - the adapters as one thread sees them now, with the policy's argument
 * kept parsed.
 *
 * A snapshot's JSON may not be touched by readers (directory.h), so each thread copies
 * it once per snapshot, not once per order.
 *
 * Threads  The loop's. */
#ifndef API_ADAPTER_SIGHT_H
#define API_ADAPTER_SIGHT_H

#include <jansson.h>

#include "adapter/directory.h"

struct adapter_sight;

struct adapter_sight *adapter_sight_create(struct directory *directory);
void adapter_sight_destroy(struct adapter_sight **view);

/* The newest snapshot; borrowed until the next call. */
const struct adapter_snapshot *adapter_sight_now(struct adapter_sight *view);

/* This thread's copy of for_policy, of the snapshot adapter_sight_now gave last;
 * borrowed. */
json_t *adapter_sight_for_policy(struct adapter_sight *view);

#endif
