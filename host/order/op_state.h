/* op_state.h - what op.c (what happens next), op_send.c (exchanges), op_submit.c (kept
 * sessions), op_credentials.c (when they are refused) and op_store.c (transactions)
 * share. Nobody else includes it. */
#ifndef ORDER_OP_STATE_H
#define ORDER_OP_STATE_H

#include "adapter/session.h"
#include "base/arena.h"
#include "base/buf.h"
#include "esim/flow.h"
#include "order/op.h"
#include "order/order_advance.h"

struct op {
    struct op *next, *previous; /* In engine->ops. */
    struct engine *engine;
    struct adapter *adapter; /* Holds one of its slots. */
    const struct adapter_view *view;
    struct claim *claim;
    bool
        dropped; /* Forgotten while a transaction or step is out: free at its return. */
    bool busy;   /* A transaction or step is out. */

    int32_t event;     /* What the flow is told in the step that is out. */
    int32_t repeat;    /* esim_repeat of the stored action; 0 when none may be out. */
    bool querying;     /* Only SAFE exchanges may be asked. */
    bool rewrite;      /* ESIM_REWRITE: these bytes are good for one sending only. */
    struct buf action; /* The answer that asked for it, encoded. */

    struct session_submit *submit; /* Waits to be sent by a kept session. */
    char submit_key[OUTBOX_KEY_SIZE];
    int64_t answer_ms; /* How long its answer may take. */

    struct arena *reply_arena; /* Of the reply, until the flow has read it. */
    struct esim_reply reply;
    bool read_again; /* A cell died over this reply before. */

    struct http_call *call;
    struct breaker *breaker; /* That let the present exchange through. */
    int64_t sent_us;

    /* OAuth2 (op_token.c): the host's own credentials of this exchange. */
    struct oauth2_token *token;
    struct oauth2_wait token_wait;
    struct http_identity identity; /* The endpoint's, and this token. */
    char *bearer;
    bool let_through;  /* Its credentials may be tried. */
    bool reauthorised; /* A 401 was met with a new token before. */

    struct txn txn;
    struct op_store *store; /* The transaction's own data (op_store.c). */
};

enum { OP_ACTION_LIMIT_BYTES = 9 << 20 };

/* ---- op.c ---- */

/* Calls the flow; `reply` and `message` are borrowed during the call only. */
void op_step(struct op *op, esim_event event, const struct esim_reply *reply);
/* The flow has read the reply in hand, or never will. */
void op_forget_reply(struct op *op);

/* What this is that may only ask exchanges that are safe: "a query"; NULL: it may ask
 * any. */
const char *op_only_looks(const struct op *op);

/* The claim is lost or the operation has been stored: out of memory with it. */
void op_finish(struct op *op);

/* Tries again later, or holds the order when attempts or time are used up. `event` is
 * what the flow will be told; `problem` may be NULL. */
struct op_retry {
    int64_t event;
    bool keep_action;
    bool never_left;     /* No byte of it left: only the deadline ends the tries. */
    int64_t after_ms;    /* At least this long; -1: back off. */
    const char *problem; /* JSON. */
    const char *reason;
};
void op_retry(struct op *op, const struct op_retry *retry);

/* {"code":..,"message":..,"carrier_code":..} for the API; free() it. */
char *op_problem(const char *code, const char *message, const char *carrier_code);

/* ---- op_send.c ---- */

/* Is the asked exchange within the manifest and the rules? */
bool op_may_ask(const struct op *op, const struct esim_answer *answer, struct err *err);

/* Sends the stored action. */
void op_send(struct op *op);

/* ---- op_credentials.c ---- */

/* The stored action was not sent, since our credentials are refused. A fresh order ends
 * so; one of which something may have been done waits until they are accepted. */
void op_unauthorised(struct op *op, const char *message, const char *carrier_code);

/* True: the carrier refused this capability a while ago, and it is not asked again so
 * soon; the operation has been dealt with. */
bool op_is_stopped(struct op *op);

/* The carrier's answer was that it does not let us in, or it did what was asked. */
void op_note_refused(struct op *op, const char *reason);
void op_note_accepted(struct op *op);

/* ---- op_token.c ---- */

/* Makes op->identity ready for this place. False: the operation waits for its token and
 * is sent when that comes, or it has been put off or ended. */
bool op_authorise(struct op *op, const struct adapter_place *place);

/* The place answered 401. True: it is sent once more, with a new token. */
bool op_reauthorise(struct op *op);

/* No more waiting, no more secrets. */
void op_token_forget(struct op *op);

/* ---- op_submit.c ---- */

/* Is the payload for a kept session within the manifest and the rules? */
bool op_may_submit(const struct op *op, const struct esim_answer *answer,
                   struct err *err);

/* Hands the stored payload to its session. */
void op_submit(struct op *op, const struct esim_answer *answer);

/* ---- op_store.c: one transaction each; op.c or op_send.c goes on ---- */

void op_store_action(struct op *op,
                     const struct esim_answer *answer); /* then op_send */
void op_store_wait(struct op *op, const struct outbox_wait *wait,
                   enum order_event order_event, const char *reason); /* then finish */
void op_store_hold(struct op *op, const char *problem, const char *reason);

struct op_end {
    int64_t outcome;
    struct slice result;
    const char *problem;
    const char *reason;
    bool denied; /* The host refused what the adapter asked: an audit record says so. */
};
void op_store_end(struct op *op,
                  const struct op_end *end); /* then the next, or finish */

#endif
