/* audit_walk.h - walks a tenant's audit chain beside the loop: it may be long.
 *
 * One walk at a time for the whole host, on a thread and a reader of its own.
 *
 * Threads  The loop's. */
#ifndef API_AUDIT_WALK_H
#define API_AUDIT_WALK_H

#include <stdint.h>

#include "api/call.h"

/* `done` comes on the loop; err->code is ERR_NONE or what audit_verify said. While
 * another walk runs the call is answered with 503. */
void audit_walk(struct call *call, int64_t from_seq,
                void (*done)(struct call *call, int64_t checked,
                             const struct err *err));

#endif
