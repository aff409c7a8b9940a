/* publish.h - how the engine fills a snapshot. */
#ifndef ADAPTER_PUBLISH_H
#define ADAPTER_PUBLISH_H

#include "adapter/adapter.h"
#include "adapter/directory.h"

/* A manifest that could not be loaded: shown, so that nobody has to search the log. */
struct adapter_failure {
    struct adapter_failure *next;
    char name[64];
    char reason[512];
};

/* Builds a snapshot of these adapters (their health as it is now) and makes it the one
 * that directory_take gives. [engine's thread] */
void directory_publish(struct directory *directory, struct adapter *const *adapters,
                       unsigned count, const struct adapter_failure *failures);

#endif
