/* The host's own credentials of an exchange: the adapter never sees them. An exchange
 * waits for its token here, before anything is sent, so that all that goes wrong with
 * tokens is "not sent". */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "order/op_state.h"

enum { USE_SIZE = 96 };

void op_token_forget(struct op *op)
{
    oauth2_wait_cancel(&op->token_wait);
    if (op->bearer != NULL)
        explicit_bzero(op->bearer, strlen(op->bearer));
    free(op->bearer);
    op->bearer = NULL;
    op->identity.bearer = NULL;
}

static void put_off(struct op *op, const struct oauth2_answer *answer)
{
    char *problem = op_problem("no_token", answer->message, answer->code);
    struct op_retry retry = { .event = OUTBOX_RESEND,
                              .keep_action = true,
                              .after_ms = answer->after_ms,
                              .problem = problem,
                              .reason = answer->message };
    adapter_note_problem(op->adapter, "no_token");
    op_retry(op, &retry);
    free(problem);
}

static void use_of(const struct adapter_place *place, char ret[USE_SIZE])
{
    int length = snprintf(ret, USE_SIZE, "token:%s", place->name);
    assert(length > 0 && length < USE_SIZE);
}

static void refuse(struct op *op, const struct adapter_place *place,
                   const struct oauth2_answer *answer)
{
    char use[USE_SIZE];
    use_of(place, use);
    engine_refused(op->engine, op->adapter, op->view->tenant, use, answer->message);
    op_unauthorised(op, answer->message, answer->code);
}

static void on_token(void *arg)
{
    op_send(arg);
}

static void use(struct op *op, const struct adapter_place *place, const char *token)
{
    char use[USE_SIZE];
    use_of(place, use);
    engine_accepted(op->engine, op->adapter, op->view->tenant, use, false);
    op_token_forget(op);
    op->bearer = strdup(token);
    memory_need(op->bearer != NULL);
    op->identity.bearer = op->bearer;
}

bool op_authorise(struct op *op, const struct adapter_place *place)
{
    op->identity = place->identity;
    if (place->oauth2 == NULL)
        return true;
    op->token = oauth2_token_of(adapter_tokens(op->adapter), place->oauth2,
                                adapter_manifest(op->adapter)->name,
                                op->engine->client);
    struct oauth2_answer answer = oauth2_token_ask(op->token, clock_wall_ms());
    switch (answer.state) {
    case OAUTH2_HAVE:
        use(op, place, answer.token);
        return true;
    case OAUTH2_WAIT:
        op->token_wait.done = on_token;
        op->token_wait.arg = op;
        oauth2_token_wait(op->token, &op->token_wait);
        return false;
    case OAUTH2_NO:
        refuse(op, place, &answer);
        return false;
    case OAUTH2_NOT_NOW:
        put_off(op, &answer);
        return false;
    }
    return false;
}

/* A 401 says that nothing was done, so that even a ONCE exchange may be sent again. */
bool op_reauthorise(struct op *op)
{
    if (op->bearer == NULL || op->reauthorised ||
        !oauth2_token_drop(op->token, op->bearer, clock_wall_ms()))
        return false;
    op->reauthorised = true;
    op_send(op);
    return true;
}
