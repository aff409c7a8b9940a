/* refuse.h - answers that leave a trace: what was refused or failed is audited first.
 *
 * Threads  The loop's. */
#ifndef API_REFUSE_H
#define API_REFUSE_H

#include "api/call.h"

/* The policy said no: 403 naming the permission. Where the route changes something or
 * tells a secret the audit record comes first. */
void refuse_denied(struct call *call);

/* A handler's operation failed with an error of the client's making (not found, conflict,
 * stale): audited, then answered as call_error does. */
void refuse_failed(struct call *call, const struct err *err);

#endif
