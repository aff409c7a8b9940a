/* event_log.h - what watchers and webhooks are told, in an order without gaps.
 *
 * An event is written by the transaction that made it true, so there is no event without
 * its change and no change without its event. Within a tenant seq counts 1, 2, 3 ...: a
 * reader that remembers the last seq it saw misses nothing and can tell that it does.
 * Retention may remove the oldest events, never the newest one, which holds the count.
 *
 * Threads  Inside a transaction function only (store.h). */
#ifndef STORE_EVENT_LOG_H
#define STORE_EVENT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

/* `data_json` is a JSON object without secrets; `trace` (traceparent) may be NULL. */
bool event_append(struct db *db, const char *tenant, const char *type,
                  const char *resource, const char *data_json, const char *trace,
                  struct err *err);

/* One event; the texts are borrowed until the row function returns. */
struct event_row {
    int64_t seq;
    const char *id; /* A UUID, the same at every delivery. */
    int64_t at_ms;
    const char *type;     /* "order.completed" */
    const char *resource; /* "order/0190..." */
    const char *data;
    const char *trace; /* May be NULL. */
};

typedef bool (*event_row_fn)(const struct event_row *event, void *arg, struct err *err);

/* Up to `limit` events after `after_seq`, oldest first. [also in store_read] */
bool event_page(struct db *db, const char *tenant, int64_t after_seq, int64_t limit,
                event_row_fn row, void *arg, struct err *err);

#endif
