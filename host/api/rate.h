/* rate.h - a token bucket per identity, shared by all API threads.
 *
 * Buckets live in a fixed table; when a neighbourhood is full the one idle longest makes
 * room, which can only forgive.
 *
 * Threads  Any; one short lock. */
#ifndef API_RATE_H
#define API_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate;

struct rate *rate_create(int64_t per_s, int64_t burst); /* NULL: no memory. */
void rate_destroy(struct rate **rate);

struct rate_verdict {
    bool limited; /* Is there a rate at all? */
    bool allow;
    int64_t limit, remaining;
    int64_t window_s; /* The limit's worth of tokens comes back in this time. */
    int64_t retry_s;  /* When not allowed: seconds until the next token. */
};
void rate_take(struct rate *rate, const char *subject, const char *tenant,
               struct rate_verdict *ret);

#endif
