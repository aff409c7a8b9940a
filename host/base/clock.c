#include "base/clock.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

static _Atomic int64_t test_wall_ms; /* 0 while the real clocks run. */

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    int failed = clock_gettime(id, &now);
    assert(failed == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
    int64_t set = atomic_load_explicit(&test_wall_ms, memory_order_relaxed);
    return set != 0 ? set : read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_mono_us(void)
{
    int64_t set = atomic_load_explicit(&test_wall_ms, memory_order_relaxed);
    return set != 0 ? set * 1000 : read_us(CLOCK_MONOTONIC);
}

void clock_set_for_test(int64_t wall_ms)
{
    atomic_store(&test_wall_ms, wall_ms);
}

void clock_move_for_test(int64_t by_ms)
{
    assert(atomic_load(&test_wall_ms) != 0);
    atomic_fetch_add(&test_wall_ms, by_ms);
}

void clock_text(int64_t wall_ms, char ret[CLOCK_TEXT_SIZE])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm parts;
    struct tm *done = gmtime_r(&seconds, &parts);
    assert(done != NULL);
    size_t length = strftime(ret, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
    assert(length == 19);
    int rest = snprintf(ret + length, CLOCK_TEXT_SIZE - length, ".%03dZ",
                        (int)(wall_ms % 1000));
    assert(rest == 5);
}
