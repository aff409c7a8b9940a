/* lib.h - what the files of the helper library share. Not installed.
 *
 * Memory comes from the step's arena. When it runs out, lib_alloc returns NULL and
 * remembers it: esim_exchange_step then ends the step instead of trusting half a value.
 *
 * Threads  An adapter's cell has one. */
#ifndef LIB_LIB_H
#define LIB_LIB_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "esim/abi.h"

/* Zeroed. NULL when the step's memory is used up, or before esim_helper_start. */
void *lib_alloc(size_t size);
char *lib_copy(const void *bytes, size_t size); /* With a final NUL. */
char *lib_format(const char *format, va_list args);

/* Whether an allocation failed since the last call of lib_forget_shortage. */
bool lib_is_short(void);
void lib_forget_shortage(void);

struct esim_bytes lib_bytes(const char *text); /* NULL gives the empty run. */

#endif
