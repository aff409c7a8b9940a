/* order_known.h - what the host knows already about the profile that an order names.
 *
 * A client names a profile by its ICCID; carriers want more of what only the host was
 * told when the profile was ordered. It goes to them without passing through a client's
 * hands.
 *
 * Inside transactions only. */
#ifndef ORDER_ORDER_KNOWN_H
#define ORDER_ORDER_KNOWN_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "order/order.h"
#include "store/db.h"

/* May the store know more about this order? Otherwise nothing would be added. */
bool order_known_concerns(const struct order_accept *accept);

/* Adds to a new order's variables, where the request does not say otherwise: for
 * device.assign the activation code (with an audit record), for profile.cancel the EID
 * and matching id. A profile that is not ours is the client's to know: no error. */
bool order_known_add(struct db *db, const struct order_accept *accept, json_t *vars,
                     struct err *err);

#endif
