/* health_metrics.h - an adapter's health as gauges.
 *
 * Threads  The engine's loop. */
#ifndef ADAPTER_HEALTH_METRICS_H
#define ADAPTER_HEALTH_METRICS_H

#include "adapter/adapter.h"

/* As it is now: called whenever a snapshot is published. */
void health_metrics_show(struct adapter *adapter);

#endif
