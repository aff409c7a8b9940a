/* ledger.h - what the sandbox was asked and what it did, in order, as lines of JSON.
 *
 * Each line has `seq` (from 1, without gaps), `at_ms` and `kind`, then its own members.
 * The memory has a cap: the oldest lines go first, and the next reader is told.
 *
 * Threads  The loop's. */
#ifndef SANDBOX_LEDGER_H
#define SANDBOX_LEDGER_H

#include <jansson.h>
#include <stdint.h>

#include "base/buf.h"

struct ledger;

struct ledger *ledger_create(size_t limit_bytes); /* NULL when memory is short. */
void ledger_destroy(struct ledger **ledger);

/* Adds one line. `members` is given: a JSON object. */
void ledger_add(struct ledger *ledger, const char *kind, json_t *members);

/* Appends the lines with a `seq` above `after`, oldest first. When some of these are
 * gone, the first line is {"kind":"dropped","count":N}. */
void ledger_read(const struct ledger *ledger, uint64_t after, struct buf *ret);

uint64_t ledger_last(const struct ledger *ledger);

#endif
