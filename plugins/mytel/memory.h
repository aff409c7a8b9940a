/* memory.h - the step's memory and the operator's log, for the whole adapter. */
#ifndef MYTEL_MEMORY_H
#define MYTEL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "esim/abi.h"

/* Keeps the host's table. [start only] */
void mytel_memory_start(const struct esim_host *host);

/* Zeroed; NULL when the step's memory is used up. */
void *mytel_alloc(size_t size);

/* One line; the text is cut at 511 bytes. Never a secret. */
void mytel_log(esim_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Lower-case hexadecimal, NUL-ended; "" when memory is short. */
const char *mytel_hex(const uint8_t *bytes, size_t size);

/* Reads exactly `size` bytes of hexadecimal, in any case. False when `text` is another
 * number of digits or none. */
bool mytel_hex_read(struct esim_bytes text, uint8_t *ret, size_t size);

#endif
