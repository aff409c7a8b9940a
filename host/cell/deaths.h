/* deaths.h - how often a cell died lately, and how long to wait before the next start. */
#ifndef CELL_DEATHS_H
#define CELL_DEATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct deaths {
    int64_t *times; /* A ring of the last `most`, in microseconds. */
    size_t most;
    int64_t window_us;
    uint64_t count;
    unsigned in_row; /* Without an answer between them. */
};

bool deaths_init(struct deaths *deaths, int64_t most, int64_t window_ms);
void deaths_finish(struct deaths *deaths);

void deaths_note(struct deaths *deaths, int64_t now_us);

/* `most` of them lie within the window. */
bool deaths_too_many(const struct deaths *deaths, int64_t now_us);

/* Doubles from death to death in a row, at most `most_ms`, with full jitter so that cells
 * which died together do not come back together. */
int64_t deaths_backoff_ms(const struct deaths *deaths, int64_t base_ms,
                          int64_t most_ms);

#endif
