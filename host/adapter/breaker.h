/* breaker.h - stops asking a carrier that does not answer, and probes it gently.
 *
 * closed -> open after `failures` in `window_ms`; open -> half-open after `open_ms`;
 * half-open lets `probes` exchanges through: all fine closes it, one failure opens it
 * again. Only "no answer" counts as failure (not sent, maybe sent, 502-504): a refusal
 * is an answer, and a 401 is the tenant's own trouble.
 *
 * Pure: the clock comes in. One breaker per adapter, tenant view and place. */
#ifndef ADAPTER_BREAKER_H
#define ADAPTER_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker_limits {
    int64_t failures, window_ms, open_ms, probes;
};

struct breaker {
    struct breaker_limits limits;
    enum breaker_state state;
    int64_t failures;        /* In the window, while closed. */
    int64_t window_start_ms; /* Of the first failure counted. */
    int64_t opened_ms;
    int64_t probes_out, probes_fine; /* While half-open. */
};

void breaker_init(struct breaker *breaker, const struct breaker_limits *limits);

/* May one exchange go now? If not, `*ret_again_ms` is when to ask again (wall). */
bool breaker_allows(struct breaker *breaker, int64_t now_ms, int64_t *ret_again_ms);

/* How the exchange that was allowed ended. */
void breaker_note(struct breaker *breaker, bool answered, int64_t now_ms);

/* A newer version of the adapter has the same place: what `old` knows of it stays known.
 * Probes that are out report to `old`, so that new ones go out. */
void breaker_take_over(struct breaker *breaker, const struct breaker *old);

const char *breaker_state_name(enum breaker_state state);

#endif
