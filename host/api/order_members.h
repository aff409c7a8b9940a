/* order_members.h - an order's body as a request, and what its type takes and needs
 * beyond the schema.
 *
 * Threads  An API thread. */
#ifndef API_ORDER_MEMBERS_H
#define API_ORDER_MEMBERS_H

#include <jansson.h>
#include <stdbool.h>

#include "order/order.h"
#include "order/plan.h"
#include "profile/identifier.h"

struct call;
struct number_plan;

struct order_members {
    struct order_request request; /* Borrows from the body and from here. */
    struct iccid iccid;
    char msisdn[MSISDN_SIZE];
};

/* Identifiers in their canonical form: what is stored, routed on and compared. `body` has
 * passed the schema; it and `ret` must live as long as the request is used. */
void order_members_read(const json_t *body, const struct number_plan *numbers,
                        struct order_members *ret);

/* Is this member of the order itself there? */
bool order_members_have(const struct order_request *request, const char *name);

/* Is everything there that this type needs, and nothing that it does not take, in its
 * form? The same wrong input gets the same answer whichever carrier would serve it. On
 * false the call was answered, with a pointer for each fault. */
bool order_members_check(struct call *call, const struct order_request *request,
                         const struct plan *plan);

#endif
