/* order.h - what a client asked for, its states and its life in the store.
 *
 * An order is the unit a client sees (states of TMF641). Its plan (plan.h) is a list of
 * steps; a step is one adapter operation, carried out by the engine (engine.h). These
 * functions run inside transactions (store.h) or reads and touch nothing else: the order
 * and everything it causes (steps, outbox, idempotency key, decisions, audit, event)
 * commit together.
 *
 * Secrets  Variables, flow states and actions are sealed at rest; nothing here returns
 *          them. Activation codes: profile_store.h. */
#ifndef ORDER_ORDER_H
#define ORDER_ORDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"
#include "crypto/seal.h"
#include "order/order_state.h"
#include "store/db.h"

enum { ORDER_TENANT_SIZE = 64, ORDER_NAME_SIZE = 64 };

/* Who asks, by which decision: written to the audit with every change. */
struct order_actor {
    const char *tenant;
    const char *subject;     /* "key:0190..", "uid:0" */
    const char *request_id;  /* May be NULL. */
    const char *trace;       /* traceparent; may be NULL. */
    const char *decision_id; /* Of authorize. */
    const char *reason;      /* Of that decision. */
    int64_t policy_revision;
};

/* A policy decision to be stored beside the change it allowed. Texts are borrowed. */
struct order_decision {
    char id[ID_SIZE];
    const char *function; /* "authorize", "route" */
    const char *input_digest;
    struct slice input;
    const char *reason;
    const char *result; /* JSON or NULL. */
    int64_t revision;
    bool allow;
};

/* A checked request for a new order. Texts are borrowed; NULL when absent. */
struct order_request {
    const char *type;    /* A plan's name: "profile.provision", "line.suspend" ... */
    const char *plan;    /* The carrier's service plan, as data. */
    const char *adapter; /* Chosen by route(). */
    const char *carrier; /* As the client wrote it; may be NULL. */
    const char *external_id;
    const char *eid, *imei, *iccid, *msisdn, *profile_type;
    const char *confirmation_code; /* Secret. */
    const char *text;    /* Of a message; personal: sealed, gone when it was sent. */
    const json_t *extra; /* Further input members for the steps; object or NULL. */
};

/* The whole of accepting: refuses with ERR_CONFLICT and field "Idempotency-Key" when
 * the key was used with another digest (ret_id then is empty), and returns the earlier
 * order's id with *ret_again true when it was used with the same. */
struct order_accept {
    const struct order_actor *actor;
    const struct order_request *request;
    const char *const *skipped; /* Capabilities of steps to skip, NULL-ended. */
    const char *idempotency_key;
    const char *route;  /* "POST /v1/orders" */
    const char *digest; /* Of the payload, hex. */
    const struct order_decision *decisions;
    unsigned decision_count;
    const struct sealer *sealer;
    struct slice vars_sealed; /* Of order_accept_seal; empty: it is sealed inside. */
    char id[ID_SIZE]; /* In: the new order's id. Out: the order's id, new or earlier. */
    bool again;       /* Out: this key had been used for the same payload. */
};
bool order_accept(struct db *db, struct order_accept *accept, struct err *err);

/* Before it, on any thread: the order's variables sealed, so that the writer's thread
 * has less to do. Leaves `ret` empty where the store knows more of the profile
 * (order_known.h). */
bool order_accept_seal(const struct order_accept *accept, struct buf *ret,
                       struct err *err);

/* The order as the API shows it: a new reference. Contains "version" (for ETag), the
 * steps with state, attempts, times, exchange, adapter version, problem, and, once it is
 * completed, as "result" what its plan shows; never a secret. `sealer` NULL: no result.
 * ERR_NOT_FOUND also for another tenant's. */
bool order_show(struct db *db, const struct sealer *sealer, const char *tenant,
                const char *id, json_t **ret, struct err *err);

/* The state, version and nothing else: cheap, for Prefer: wait. */
bool order_peek(struct db *db, const char *tenant, const char *id,
                enum order_state *ret_state, int64_t *ret_version, struct err *err);

/* One page, newest first. Filters may be NULL. `after_id` is the last page's final id
 * ("" to begin). Rows are short forms. */
struct order_query {
    const char *tenant, *state, *carrier, *external_id, *iccid;
    const char *after_id;
    int64_t limit;
};
bool order_list(struct db *db, const struct order_query *query, json_t **ret_array,
                bool *ret_more, struct err *err);

/* Asks for cancellation. `expect_version` -1: any. ERR_CONFLICT names the state,
 * ERR_STALE a version that differs. */
bool order_cancel(struct db *db, const struct order_actor *actor, const char *id,
                  int64_t expect_version, struct err *err);

/* A person's word on a held order: what became of the step nobody can tell about. */
enum order_resolution {
    ORDER_STEP_DONE,     /* It happened; `result` (JSON object) is what it gave. */
    ORDER_STEP_NOT_DONE, /* It did not happen: do it again. */
    ORDER_GIVE_UP        /* Undo what can be undone, then fail. */
};
bool order_resolve(struct db *db, const struct order_actor *actor,
                   const struct sealer *sealer, const char *id, int64_t expect_version,
                   enum order_resolution resolution, const json_t *result,
                   struct err *err);

#endif
