/* metrics.h - what the API counts about itself.
 *
 * Threads  Any. */
#ifndef API_METRICS_H
#define API_METRICS_H

#include <stddef.h>
#include <stdint.h>

struct route;

/* One request was answered; `route` NULL: none fitted. `place` is the row's (route_at). */
void metrics_answered(const struct route *route, size_t place, int status, int64_t us);

/* Streams that are open: +1, -1. */
void metrics_streams(int64_t by);

/* The store's queue and the engine's work, read when /metrics is asked for. */
void metrics_gauges(int64_t queued, int64_t in_flight);

#endif
