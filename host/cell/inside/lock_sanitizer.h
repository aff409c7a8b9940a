/* lock_sanitizer.h - whether this build has AddressSanitizer in it.
 *
 * Such a cell keeps standard error for the report, which may be a file, and needs more
 * memory for the same work. */
#ifndef CELL_INSIDE_LOCK_SANITIZER_H
#define CELL_INSIDE_LOCK_SANITIZER_H

#include <stdbool.h>
#include <stdint.h>

extern const bool lock_is_sanitized;
extern const uint64_t lock_memory_factor;

#endif
