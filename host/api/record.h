/* record.h - the audit record of a call, filled from what the call knows.
 *
 * Threads  record_write inside a transaction; record_then on the loop. */
#ifndef API_RECORD_H
#define API_RECORD_H

#include "api/call.h"

/* Writes the record beside a change, about the permission's noun and `id`
 * ("order/0190.."); NULL: the id in the call's path. `diff` may be NULL. */
bool record_write(struct db *db, const struct call *call, const char *id,
                  const char *outcome, const char *reason, const char *diff,
                  struct err *err);

/* Records by itself, then goes on with `then`, also where the record could not be
 * written (that is logged): for what has happened already. */
void record_then(struct call *call, const char *outcome, const char *reason,
                 void (*then)(struct call *call, void *arg), void *arg);

#endif
