/* waiters.h - requests that wait for an order to end: Prefer: wait (RFC 7240 4.3).
 *
 * The worker looks at the waiting orders after commits (worker_wake, at most once every
 * few milliseconds however many commits there are) and when a deadline passes; nothing
 * polls.
 *
 * Threads  The loop's. */
#ifndef API_WAITERS_H
#define API_WAITERS_H

#include <stdbool.h>
#include <stdint.h>

#include "api/call.h"

struct waiters;

struct waiters *waiters_create(struct worker *worker);

/* Every waiting call must have been answered. */
void waiters_destroy(struct waiters **waiters);

/* Calls `done` once: when the order is final or held (`ended`), or when `wait_ms` has
 * passed, the client has gone, or the host stops (not ended). Texts are borrowed. */
void waiters_add(struct waiters *waiters, struct call *call, const char *order_id,
                 int64_t wait_ms, void (*done)(struct call *call, bool ended));

/* Something was committed: look. */
void waiters_look(struct waiters *waiters);

/* The host stops: everyone is answered now. */
void waiters_end(struct waiters *waiters);

/* "wait=5" in Prefer, in milliseconds, at most http.wait_s; 0: not asked for. */
int64_t waiters_asked_ms(const struct call *call);

#endif
