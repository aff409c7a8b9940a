/* wire_bytes.h - numbers as the protocol writes them: most significant byte first. */
#ifndef MYTEL_WIRE_BYTES_H
#define MYTEL_WIRE_BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline void be_put(uint8_t *at, uint64_t number, size_t size)
{
    for (size_t i = size; i > 0; i--, number >>= 8)
        at[i - 1] = (uint8_t)number;
}

static inline uint64_t be_get(const uint8_t *at, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | at[i];
    return number;
}

#endif
