/* clock.h - the host's only clocks. Tests set them; nobody sleeps.
 *
 * Threads  Any. clock_set_for_test and clock_move_for_test only from a single-threaded
 *          test. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since 1970-01-01 UTC. May jump; for people and for stored deadlines. */
int64_t clock_wall_ms(void);

/* Microseconds on a clock that never goes back; for durations. */
int64_t clock_mono_us(void);

/* From now on both clocks stand at this wall time until moved. 0 gives the real clocks
 * back. */
void clock_set_for_test(int64_t wall_ms);
void clock_move_for_test(int64_t by_ms);

/* "2026-01-02T03:04:05.678Z" (RFC 3339), always 24 characters. */
enum { CLOCK_TEXT_SIZE = 25 };
void clock_text(int64_t wall_ms, char ret[CLOCK_TEXT_SIZE]);

#endif
