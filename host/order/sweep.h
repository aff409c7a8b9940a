/* sweep.h - removes what is past its time: idempotency keys, taken facts, messages that
 * nobody came for.
 *
 * Inside transactions only. */
#ifndef ORDER_SWEEP_H
#define ORDER_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

struct sweep {
    int64_t now_ms;
    int64_t keys_ms;  /* How long keys are remembered. */
    int64_t facts_ms; /* How long a fact's id is remembered. */
    int64_t most;     /* Rows of one table at once. */
    bool more;        /* Out: a table had as many; sweep again soon. */
};
bool sweep(struct db *db, struct sweep *sweep, struct err *err);

#endif
