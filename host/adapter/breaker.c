#include "adapter/breaker.h"

#include <assert.h>

void breaker_init(struct breaker *breaker, const struct breaker_limits *limits)
{
    assert(limits->failures > 0 && limits->probes > 0);
    *breaker = (struct breaker){ .limits = *limits };
}

static void open_now(struct breaker *breaker, int64_t now_ms)
{
    breaker->state = BREAKER_OPEN;
    breaker->opened_ms = now_ms;
}

static void close_now(struct breaker *breaker)
{
    breaker->state = BREAKER_CLOSED;
    breaker->failures = 0;
}

bool breaker_allows(struct breaker *breaker, int64_t now_ms, int64_t *ret_again_ms)
{
    if (breaker->state == BREAKER_CLOSED)
        return true;
    int64_t half_open_ms = breaker->opened_ms + breaker->limits.open_ms;
    if (breaker->state == BREAKER_OPEN && now_ms >= half_open_ms) {
        breaker->state = BREAKER_HALF_OPEN;
        breaker->probes_out = 0;
        breaker->probes_fine = 0;
    }
    if (breaker->state == BREAKER_HALF_OPEN &&
        breaker->probes_out < breaker->limits.probes) {
        breaker->probes_out++;
        return true;
    }
    /* While the probes are out nobody knows more: look again after a tenth. */
    *ret_again_ms = breaker->state == BREAKER_OPEN
                        ? half_open_ms
                        : now_ms + breaker->limits.open_ms / 10 + 1;
    return false;
}

static void note_while_closed(struct breaker *breaker, bool answered, int64_t now_ms)
{
    if (answered) {
        breaker->failures = 0;
        return;
    }
    if (breaker->failures == 0 ||
        now_ms - breaker->window_start_ms > breaker->limits.window_ms) {
        breaker->failures = 0;
        breaker->window_start_ms = now_ms;
    }
    if (++breaker->failures >= breaker->limits.failures)
        open_now(breaker, now_ms);
}

void breaker_note(struct breaker *breaker, bool answered, int64_t now_ms)
{
    switch (breaker->state) {
    case BREAKER_CLOSED:
        note_while_closed(breaker, answered, now_ms);
        break;
    case BREAKER_OPEN: /* Sent before it opened; old news. */
        break;
    case BREAKER_HALF_OPEN:
        if (!answered)
            open_now(breaker, now_ms);
        else if (++breaker->probes_fine >= breaker->limits.probes)
            close_now(breaker);
        break;
    }
}

void breaker_take_over(struct breaker *breaker, const struct breaker *old)
{
    struct breaker_limits limits = breaker->limits;
    *breaker = *old;
    breaker->limits = limits;
    if (breaker->state == BREAKER_HALF_OPEN)
        breaker->state = BREAKER_OPEN; /* Its time is over: the next one is a probe. */
}

const char *breaker_state_name(enum breaker_state state)
{
    static const char *const names[] = { "closed", "open", "half-open" };
    return names[state];
}
