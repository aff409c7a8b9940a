/* input.h - query and body of a request, read and checked against its row.
 *
 * Threads  The loop's. */
#ifndef API_INPUT_H
#define API_INPUT_H

#include <stdbool.h>

#include "api/call.h"

/* Fills call->query and call->body. False: the call has been answered (400, 415, 422). */
bool input_read(struct call *call);

/* The Idempotency-Key of a keyed route; never NULL after input_read. */
const char *input_idempotency_key(const struct call *call);

#endif
