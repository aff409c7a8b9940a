/* Window and rate. Both halve when the carrier throttles and a pause begins, whose length
 * doubles each time; both grow with every accepted message: the window by one in each
 * window's worth (as TCP's does), the rate's share by a 64th of what is missing. */
#include "machine.h"

enum {
    MILLI = 1000,
    RATE_LEAST = 50, /* A twentieth. */
    GROWTH = 64,
    PAUSE_MOST_MS = 60000,
    BURST_US = 50000 /* What was not sent in this time may be sent at once. */
};

void pace_start(struct machine *machine)
{
    machine->window_milli = machine->settings.window * MILLI;
    machine->rate_milli = MILLI;
    machine->pause_ms = machine->pause_until_ms = machine->due_us = 0;
}

int64_t pace_window(const struct machine *machine)
{
    int64_t window = machine->window_milli / MILLI;
    int64_t most = machine->settings.window;
    return window < 1 ? 1 : window > most ? most : window;
}

int64_t pace_next_ms(const struct machine *machine)
{
    int64_t due_ms = (machine->due_us + MILLI - 1) / MILLI;
    return due_ms > machine->pause_until_ms ? due_ms : machine->pause_until_ms;
}

void pace_note_sent(struct machine *machine)
{
    int64_t now_us = machine->step->now_ms * MILLI;
    int64_t rate = machine->settings.rate_per_s * machine->rate_milli;
    if (rate <= 0)
        return;
    int64_t from_us = machine->due_us > now_us - BURST_US ? machine->due_us
                                                          : now_us - BURST_US;
    machine->due_us = from_us + INT64_C(1000000000) / rate;
}

void pace_note_accepted(struct machine *machine)
{
    int64_t window = machine->window_milli, most = machine->settings.window * MILLI;
    window += (int64_t)MILLI * MILLI / (window > 0 ? window : MILLI);
    machine->window_milli = window < most ? window : most;
    machine->rate_milli += (MILLI - machine->rate_milli + GROWTH - 1) / GROWTH;
    if (machine->step->now_ms >= machine->pause_until_ms)
        machine->pause_ms = 0;
}

void pace_note_throttled(struct machine *machine)
{
    int64_t now_ms = machine->step->now_ms;
    if (now_ms < machine->pause_until_ms)
        return; /* Of the same window as the one that began the pause. */
    machine->window_milli /= 2;
    if (machine->window_milli < MILLI)
        machine->window_milli = MILLI;
    machine->rate_milli /= 2;
    if (machine->rate_milli < RATE_LEAST)
        machine->rate_milli = RATE_LEAST;
    machine->pause_ms = machine->pause_ms == 0 ? machine->settings.pause_ms
                                               : machine->pause_ms * 2;
    if (machine->pause_ms > PAUSE_MOST_MS)
        machine->pause_ms = PAUSE_MOST_MS;
    machine->pause_until_ms = now_ms + machine->pause_ms;
}

/* Spread, so that what was throttled together does not come back together. */
int64_t pace_back_ms(const struct machine *machine)
{
    int64_t left_ms = machine->pause_until_ms - machine->step->now_ms;
    int64_t spread_ms = machine->pause_ms * machine->step->random[0] / 256;
    return (left_ms > 0 ? left_ms : 0) + spread_ms;
}

void pace_tell(struct machine *machine)
{
    bool holds = machine->phase != PHASE_BOUND ||
                 machine->step->now_ms < machine->pause_until_ms;
    int64_t window = holds ? 0 : pace_window(machine);
    if (window == machine->told_window)
        return;
    machine->told_window = window;
    machine_act(machine, ESIM_ACT_READY, window, (struct esim_bytes){ NULL, 0 },
                (struct esim_bytes){ NULL, 0 });
}
