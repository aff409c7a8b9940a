/* route.h - one row, many faces: method, path, permission, bodies, replies, handler.
 *
 * Dispatch, authorization, validation, the OpenAPI document and the cross-tenant tests
 * all read these rows. A row without a permission cannot be registered; what needs none
 * says ROUTE_PUBLIC aloud.
 *
 * Threads  Rows are constant. routes_check runs once, before the first thread. */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "api/member.h"
#include "base/err.h"
#include "base/slice.h"

struct call;

#define ROUTE_PUBLIC "public"

enum route_flag {
    ROUTE_KEYED = 1,      /* Needs an Idempotency-Key. */
    ROUTE_SECRET = 2,     /* Its reply holds a secret: no-store, no compression; denied
                            tries are audited. */
    ROUTE_HOSTWIDE = 4,   /* About the host, not about one tenant's things. */
    ROUTE_CALLBACK = 8,   /* Carriers call it: served on the callback listener. */
    ROUTE_ANY = 16,       /* Any method; `method` is what the documents show. */
    ROUTE_TAIL = 32,      /* The last parameter takes the rest of the path. */
    ROUTE_OBJECT = 64,    /* Names one thing of a tenant: 404 for another's. */
    ROUTE_STREAM = 128,   /* May answer without end. */
    ROUTE_BODY_LESS = 256 /* The body may be left out. */
};

/* A reply the handler gives itself. Those that the pipeline gives (401, 403, 429 ...)
 * follow from the row: route_replies. */
struct route_reply {
    int status;                /* 0 ends the list. */
    const struct schema *body; /* NULL: none, or not JSON. */
    const char *media;         /* NULL: application/json. */
    const char *text;
};

struct route {
    const char *method;
    const char *path; /* "/v1/orders/{id}" */
    const char *permission;
    const char *id; /* operationId, metric label: "order.show". */
    const struct schema *body;
    const struct member *query; /* Ends with a NULL name; may be NULL. */
    const struct route_reply *replies;
    unsigned flags;
    void (*early)(struct call *call); /* Before authorize answers; may be NULL. Must not
                                         change anything or answer. */
    void (*handle)(struct call *call);
    const char *text;
};

/* A resource's rows: each file of host/api has one. */
struct route_table {
    const struct route *rows;
    size_t count;
};

enum { ROUTE_PARAMS_MAX = 2, ROUTE_PARAM_BYTES = 128 };

/* Values of {names}, in order; text that ends in NUL. */
struct route_params {
    char value[ROUTE_PARAMS_MAX][ROUTE_PARAM_BYTES];
    struct slice tail; /* ROUTE_TAIL: the rest, without the first slash. */
    size_t place;      /* The row's: route_at(place). */
};

/* Every row of the host in turn; NULL past the last. */
const struct route *route_at(size_t index);
size_t route_count(void);

/* The row for a request, or NULL with ret_allow saying which methods the path has ("" for
 * none: 404; else 405). `sides`: whose routes
 * the listener serves. */
enum route_side { ROUTE_SIDE_API = 1, ROUTE_SIDE_CALLBACK = 2 };
const struct route *route_match(struct slice method, struct slice path, unsigned sides,
                                struct route_params *ret_params, char ret_allow[64]);

/* Refuses a table that has a row without permission, text, handler or operation id, two
 * rows for the same method and path, or a keyed row that is no POST. */
bool routes_check(struct err *err);

/* Does carrying it out change something? Then a refusal is audited too. */
bool route_changes(const struct route *route);

/* Calls `each` for every status the route may answer: its own and the pipeline's. */
void route_replies(const struct route *route,
                   void (*each)(void *arg, const struct route_reply *reply), void *arg);

#endif
