/* revision.h - the highest revision of each signed document that was ever activated.
 *
 * A document with a lower revision is refused from then on: an old, once valid file
 * cannot be put back.
 *
 * Threads  Any but a loop's that serves others: each call waits for the writer. */
#ifndef STORE_REVISION_H
#define STORE_REVISION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* 0 when none was; INT64_MAX (nothing is acceptable) when the store cannot be read.
 * `store` is a struct store *, so that this fits manifest_load. */
int64_t revision_least(void *store, const char *kind, const char *name);

bool revision_record(struct store *store, const char *kind, const char *name,
                     int64_t revision, const char *digest, struct err *err);

#endif
