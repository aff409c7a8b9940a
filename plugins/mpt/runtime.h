/* runtime.h - the cell's table, for the files of this adapter that need memory or a log
 * outside the exchange helper. */
#ifndef MPT_RUNTIME_H
#define MPT_RUNTIME_H

#include "esim/abi.h"

/* Called by start(), before the cell is locked. */
void mpt_runtime_start(const struct esim_host *host);
/* Zeroed; lives until the step's answer was read. NULL when memory is short. */
void *mpt_alloc(uint64_t size);
void mpt_log(esim_level level, struct esim_bytes text);

#endif
