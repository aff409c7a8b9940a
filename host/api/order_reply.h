/* order_reply.h - an order as an answer: body, ETag, Location.
 *
 * Threads  The loop's. */
#ifndef API_ORDER_REPLY_H
#define API_ORDER_REPLY_H

#include "api/call.h"

/* Reads the order and answers with it; a missing one is a 404. */
void order_reply(struct call *call, int status, const char *id);

/* 202 for an order that was accepted just now: what is known of it without asking the
 * store again, which would cost half the time of the whole call. Its steps are to be seen
 * at Location. */
void order_reply_accepted(struct call *call, const struct order_accept *accept);

/* The version If-Match names; -1 when it is absent or "*". False: answered. */
bool order_if_match(struct call *call, int64_t *ret_version);

#endif
