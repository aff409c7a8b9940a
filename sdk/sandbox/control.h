/* control.h - the routes below /sandbox/ that every side has.
 *
 *   GET    /sandbox/ledger?after=N   lines of JSON (ledger.h)
 *   GET    /sandbox/faults           what is still to go wrong
 *   POST   /sandbox/faults           one more (fault.h)
 *   DELETE /sandbox/faults           none any more
 *   POST   /sandbox/callback         {"url":...}: where the host takes notifications now
 *   GET    /sandbox/health           {"side":...,"ledger":N} */
#ifndef SANDBOX_CONTROL_H
#define SANDBOX_CONTROL_H

#include <jansson.h>

#include "sandbox.h"

/* Answers a control request. `json` is given. */
void control_answer(struct http_exchange *exchange, int status, json_t *json);

/* Below /sandbox/ here, else the side's. Answers in any case. */
void control_serve(struct sandbox *sandbox, const struct sandbox_side *side,
                   void *state, struct http_exchange *exchange);

#endif
