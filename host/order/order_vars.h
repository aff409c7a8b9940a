/* order_vars.h - an order's variables: what was asked and what the steps learned.
 *
 * One flat JSON object, sealed at rest, because confirmation codes, matching ids and
 * activation codes are in it. A step's input is a selection of its members by
 * capability (esim/capability.h); a step's result is merged back into it.
 *
 * Pure but for the sealing. */
#ifndef ORDER_ORDER_VARS_H
#define ORDER_ORDER_VARS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/seal.h"
#include "order/order.h"
#include "order/plan.h"

enum {
    ORDER_VARS_LIMIT_BYTES = 256 * 1024,
    ORDER_VARS_SEALED_LIMIT_BYTES = ORDER_VARS_LIMIT_BYTES + 256
};

json_t *order_vars_new(const struct order_request *request, const char *order_id);

bool order_vars_seal(const struct sealer *sealer, const char *tenant,
                     const char *order_id, const json_t *vars, struct buf *ret,
                     struct err *err);
json_t *order_vars_open(const struct sealer *sealer, const char *tenant,
                        const char *order_id, struct slice sealed, struct err *err);

/* May a step of this capability be asked with it? */
bool order_vars_takes(const char *capability, const char *member);

/* The JSON object a step of this capability is asked with: a new reference. */
json_t *order_vars_input(const json_t *vars, const char *capability);

/* Takes the known members of a result in, drops the rest. ERR_INVALID names a member of
 * the wrong form (an ICCID that is none ...): a carrier's or adapter's mistake that
 * must not be stored as truth. Builds activation_code from smdp_address and matching_id
 * when the result has none. */
bool order_vars_merge(json_t *vars, const json_t *result, struct err *err);

/* Drops what no later step needs once a step of this capability is done: personal data
 * does not outlive its use. */
void order_vars_forget(json_t *vars, const char *capability);

/* What the plan lets a client see of them: a new reference, or NULL when nothing. */
json_t *order_vars_result(const json_t *vars, const struct plan *plan);

#endif
