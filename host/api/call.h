/* call.h - one request on its way through the pipeline, and how handlers answer it.
 *
 * A call lives in the memory of its exchange: it is gone once answered. Exactly one
 * answer is due; where questions to the policy are still open then, it is held back
 * until they have ended.
 *
 * Threads  The loop's. */
#ifndef API_CALL_H
#define API_CALL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/identity.h"
#include "api/problem.h"
#include "api/route.h"
#include "base/arena.h"
#include "base/id.h"
#include "net/http_server.h"
#include "order/order.h"
#include "policy/policy.h"
#include "store/store.h"

struct worker;

enum { CALL_FIELDS_MAX = 16, TRACE_SIZE = 56 };

struct call {
    struct worker *worker;
    struct http_exchange *exchange;
    const struct http_request *request;
    struct arena *arena;
    const struct route *route; /* NULL only before it is known. */
    struct route_params params;
    struct who who;
    const char *tenant; /* The one acted in. */
    char request_id[ID_SIZE];
    char trace[TRACE_SIZE]; /* traceparent, ours; "" never. */
    json_t *body;           /* Checked against the row's schema; NULL when none. */
    json_t *query;          /* Object of texts, checked against the row. */
    struct order_decision authorized;
    struct order_actor actor; /* For whatever is written in this call's name. */
    int64_t started_us;
    void *state; /* The handler's own. */
    /* Private to call.c, ask.c. */
    struct http_field fields[CALL_FIELDS_MAX];
    unsigned field_count;
    unsigned asks_open;
    bool answered;
    struct http_reply held;
};

/* ---- answers; each ends the call ---- */

void call_json(struct call *call, int status, json_t *given);
void call_bytes(struct call *call, int status, const char *media, struct slice body);
void call_empty(struct call *call, int status);
void call_problem(struct call *call, enum problem_id id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void call_faults(struct call *call, const struct faults *faults);
void call_error(struct call *call, const struct err *err);

/* An answer without end: the head goes out now, then whoever holds the call writes to
 * call->exchange. call_stream_end is the call's end. */
void call_stream_start(struct call *call, const char *media, size_t pending_bytes);
void call_stream_end(struct call *call);

/* Another header field, for the answer that comes. `name` is a literal; the value is
 * copied. */
void call_field(struct call *call, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The request's header field as text; NULL when absent. */
const char *call_header(const struct call *call, const char *name);

/* A checked query parameter; NULL or `otherwise` when absent. */
const char *call_query(const struct call *call, const char *name);
int64_t call_query_int(const struct call *call, const char *name, int64_t otherwise);

/* Asks the policy. `done` comes later, unless the call has been answered by then. `args`
 * is given. */
void call_ask(struct call *call, const char *function, json_t *args,
              void (*done)(struct call *call, const struct policy_decision *decision));

/* Copies a decision into the call's memory, to be stored later. */
bool call_keep_decision(struct call *call, const char *function,
                        const struct policy_decision *decision,
                        struct order_decision *ret);

/* Runs a transaction; `done` comes on this loop after the commit. */
void call_write(struct call *call,
                bool (*run)(struct db *db, void *arg, struct err *err),
                void (*done)(void *arg, bool ok, const struct err *err), void *arg);

/* Runs a read now; on failure the call has been answered. */
bool call_read(struct call *call,
               bool (*run)(struct db *db, void *arg, struct err *err), void *arg);

#endif
