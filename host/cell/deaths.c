#include "cell/deaths.h"

#include <stdlib.h>

#include "base/id.h"

bool deaths_init(struct deaths *deaths, int64_t most, int64_t window_ms)
{
    *deaths = (struct deaths){ .most = most < 1 ? 1 : (size_t)most,
                               .window_us = window_ms * 1000 };
    deaths->times = calloc(deaths->most, sizeof deaths->times[0]);
    return deaths->times != NULL;
}

void deaths_finish(struct deaths *deaths)
{
    free(deaths->times);
    *deaths = (struct deaths){ .times = NULL };
}

void deaths_note(struct deaths *deaths, int64_t now_us)
{
    deaths->times[deaths->count++ % deaths->most] = now_us;
    deaths->in_row++;
}

bool deaths_too_many(const struct deaths *deaths, int64_t now_us)
{
    if (deaths->count < deaths->most)
        return false;
    int64_t oldest = deaths->times[deaths->count % deaths->most];
    return now_us - oldest <= deaths->window_us;
}

int64_t deaths_backoff_ms(const struct deaths *deaths, int64_t base_ms, int64_t most_ms)
{
    int64_t longest = base_ms;
    for (unsigned i = 1; i < deaths->in_row && longest < most_ms; i++)
        longest *= 2;
    if (longest > most_ms)
        longest = most_ms;
    uint32_t chance;
    id_random(&chance, sizeof chance);
    return longest <= 0 ? 0 : (int64_t)(chance % (uint64_t)(longest + 1));
}
