/* order_reply.h - an order as an answer: body, ETag, Location.
 *
 * Threads  The loop's. */
#ifndef API_ORDER_REPLY_H
#define API_ORDER_REPLY_H

#include "api/call.h"

/* Reads the order and answers with it; a missing one is a 404. */
void order_reply(struct call *call, int status, const char *id);

/* The version If-Match names; -1 when it is absent or "*". False: answered. */
bool order_if_match(struct call *call, int64_t *ret_version);

#endif
