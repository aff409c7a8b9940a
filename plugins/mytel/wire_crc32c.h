/* wire_crc32c.h - CRC-32C (Castagnoli), as RFC 3720 B.4 and PROTOCOL.md 2 use it. */
#ifndef MYTEL_WIRE_CRC32C_H
#define MYTEL_WIRE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t mytel_crc32c(const void *bytes, size_t size);

#endif
