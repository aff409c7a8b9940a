/* trace.h - W3C Trace Context: the traceparent that came, and ours as its child.
 *
 * Threads  Any. */
#ifndef API_TRACE_H
#define API_TRACE_H

#include "base/slice.h"

/* "00-<32 hex>-<16 hex>-<2 hex>" with a new span of ours: the trace of `incoming` when
 * it is well-formed (version 00, ids not all zero), else a new one. */
void trace_child(struct slice incoming, char ret[56]);

#endif
