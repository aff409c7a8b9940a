/* order_create.h - POST /v1/orders: from a checked body to a durable order.
 *
 * The policy is asked for authorize and route at the same time; route's answer counts
 * only when authorize said yes.
 *
 * Threads  The loop's. */
#ifndef API_ORDER_CREATE_H
#define API_ORDER_CREATE_H

struct call;

void order_create_early(struct call *call);
void order_create(struct call *call);

#endif
