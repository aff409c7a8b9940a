/* What becomes of an operation whose carrier does not accept our credentials: the same
 * for every carrier (docs/decisions/0021). */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "order/op_state.h"

enum { USE_SIZE = ORDER_NAME_SIZE + 16 };

static void use_of(const struct op *op, char ret[USE_SIZE])
{
    int length = snprintf(ret, USE_SIZE, "capability:%s", op->claim->capability);
    assert(length > 0 && length < USE_SIZE);
}

/* Nothing of the order has been done at the carrier, or begun. */
static bool is_fresh(const struct op *op)
{
    return op->event == ESIM_START && op->claim->position == 0 && !op->claim->undo;
}

void op_unauthorised(struct op *op, const char *message, const char *carrier_code)
{
    char *problem = op_problem("unauthorised", message, carrier_code);
    struct op_end end = { .outcome = ESIM_REFUSED,
                          .problem = problem,
                          .reason = message };
    struct op_retry retry = { .event = OUTBOX_RESEND,
                              .keep_action = true,
                              .never_left = true,
                              .after_ms = settings_int(op->engine->parts.settings,
                                                       SET_ENGINE_REFUSED_MS),
                              .problem = problem,
                              .reason = message };
    if (is_fresh(op))
        op_store_end(op, &end);
    else
        op_retry(op, &retry);
    free(problem);
}

bool op_is_stopped(struct op *op)
{
    char use[USE_SIZE];
    use_of(op, use);
    const struct refusal *refusal = adapter_stop(op->adapter, op->view->tenant, use);
    if (refusal == NULL)
        return false;
    op_unauthorised(op, refusal->reason, NULL);
    return true;
}

void op_note_refused(struct op *op, const char *reason)
{
    char use[USE_SIZE];
    use_of(op, use);
    engine_refused(op->engine, op->adapter, op->view->tenant, use, reason);
}

void op_note_accepted(struct op *op)
{
    char use[USE_SIZE];
    use_of(op, use);
    adapter_note_success(op->adapter);
    engine_accepted(op->engine, op->adapter, op->view->tenant, use, false);
}
