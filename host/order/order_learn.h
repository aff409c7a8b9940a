/* order_learn.h - what a step that was done teaches about the order, its profile and
 * its line.
 *
 * Inside transactions only. */
#ifndef ORDER_ORDER_LEARN_H
#define ORDER_ORDER_LEARN_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "crypto/seal.h"
#include "order/order_move.h"

/* Merges `result` into `vars`, stores them sealed, copies the open members (ICCID ...)
 * to the order's row, and tells profile and line their new state: the carrier's word, or
 * what the capability implies (SGP.22 3.1.6). ERR_INVALID: the result breaks its own
 * rules and nothing was changed. */
bool order_learn(struct db *db, const struct order_row *order, json_t *vars,
                 const json_t *result, const char *capability,
                 const struct sealer *sealer, struct err *err);

#endif
