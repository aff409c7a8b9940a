/* op.h - one operation while it is carried out: from its claim until it ends or waits.
 *
 *   claim -> step in the cell -> store the action -> send it -> reply -> step ...
 *
 * Each arrow is a callback that posts the next; op_step decides nothing, the answer
 * does. The operation leaves memory when it ends or waits; the row stays.
 *
 * Threads  The engine's loop; the op_store_ functions' bodies on the writer's. */
#ifndef ORDER_OP_H
#define ORDER_OP_H

#include "order/engine_state.h"

struct op;

/* Takes the claim (given). */
void op_start(struct engine *engine, struct adapter *adapter, struct claim *claim);

/* Forgets every operation; their rows keep the claim and are recovered later. */
void op_drop_all(struct engine *engine);

#endif
