/* publish.h - how the engine fills a snapshot. */
#ifndef ADAPTER_PUBLISH_H
#define ADAPTER_PUBLISH_H

#include "adapter/adapter.h"
#include "adapter/directory.h"

/* Builds a snapshot of these adapters (their health as it is now) and makes it the one
 * that directory_take gives. [engine's thread] */
void directory_publish(struct directory *directory, struct adapter *const *adapters,
                       unsigned count);

#endif
