#include "runtime.h"

#include <stddef.h>

/* Set once by start, before the cell is locked. */
static const struct esim_host *host;

void mpt_runtime_start(const struct esim_host *given)
{
    host = given;
}

void *mpt_alloc(uint64_t size)
{
    return host == NULL ? NULL : host->alloc(size == 0 ? 1 : size);
}

void mpt_log(esim_level level, struct esim_bytes text)
{
    if (host != NULL)
        host->log(level, text);
}
