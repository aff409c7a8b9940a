/* graph.h - the Microsoft Graph side of the sandbox, from the inside: devices, groups,
 * eSIM pools and scripts of one tenant of Intune, and the token endpoint beside them.
 *
 * graph.c serves and records, graph_route.c finds the operation and reads its body
 * strictly; the others carry operations out, one noun a file. What there is, is JSON as
 * Graph shows it; members that begin with "_" are the sandbox's own.
 *
 * Threads  The loop's. */
#ifndef SANDBOX_GRAPH_H
#define SANDBOX_GRAPH_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"
#include "sandbox.h"

enum { GRAPH_PARAMS = 2, GRAPH_ID_SIZE = 40, GRAPH_PAGE = 100 };

struct fault;
struct http_request;

struct graph {
    struct sandbox *sandbox;
    json_t *devices;     /* By id. */
    json_t *directory;   /* A device's id by azureADDeviceId and by object id. */
    json_t *groups;      /* By id; "_members" are object ids. */
    json_t *group_names; /* A group's id by displayName. */
    json_t *pools;       /* By id. */
    json_t *scripts;     /* By id. */
    json_t *configs;     /* By id. */
    json_t *tokens;      /* Wall ms of its end, by token. */
    uint64_t made;       /* Ids and tokens so far. */
};

/* One request, from outside or from inside a batch. */
struct graph_call {
    struct slice method, path; /* With the version's root. */
    struct slice query;
    const json_t *body; /* NULL: none. */
    const char *root;   /* "http://host:port", for links. */
    struct arena *arena;
    const struct graph_operation *operation;
    const char *params[GRAPH_PARAMS];
};

/* What is answered. With `code`, an error body is made of it; else `body` (given) is
 * sent, or nothing. */
struct graph_reply {
    int status;
    json_t *body;
    const char *code;
    int64_t retry_after_s; /* 0: not said. */
};

/* A member of a body: names of other members are refused. */
struct graph_member {
    const char *name;
    json_type type;
    bool required;
};

struct graph_operation {
    const char *name;
    const char *method;
    const char *path; /* "{}" is a parameter. */
    struct graph_reply (*run)(struct graph *graph, const struct graph_call *call);
    const struct graph_member *members; /* Of the body, ended by NULL; NULL: no body. */
};

/* ---- graph_route.c ---- */

/* Finds the operation and its parameters; false: there is none. */
bool graph_route(struct graph_call *call);

/* Is the body as the operation wants it? Otherwise `ret_why` names the member. */
bool graph_body_fits(const struct graph_call *call, const char **ret_why);

/* A query parameter, decoded; NULL: absent. */
const char *graph_query(const struct graph_call *call, const char *name);

/* The text between the quotes of "NAME eq 'TEXT'"; NULL: another filter. */
const char *graph_filter_text(const struct graph_call *call, const char *name);

/* ---- graph.c ---- */

/* One request without its token: faults, effect, ledger. Batches call it again. */
struct graph_reply graph_operate(struct graph *graph, struct graph_call *call,
                                 struct fault *ret_fault);

json_t *graph_error_body(struct graph *graph, const char *code);

/* A new id, with members "id" and "createdDateTime" in a new object put into `map`. */
json_t *graph_make(struct graph *graph, json_t *map, const char **ret_id);

/* A page of `map`'s objects that `keep` lets through (NULL: all), with a link to the
 * next. */
struct graph_reply graph_page(const struct graph_call *call, const json_t *map,
                              bool (*keep)(const json_t *item, const void *arg),
                              const void *arg);

/* A copy without the sandbox's own members. */
json_t *graph_shown(const json_t *item);

struct graph_reply graph_ok(json_t *body); /* 200 */
struct graph_reply graph_made(json_t *body);
struct graph_reply graph_none(void); /* 204 */
struct graph_reply graph_no(int status, const char *code);

/* ---- the nouns ---- */
extern const struct graph_operation graph_device_operations[], graph_group_operations[],
    graph_pool_operations[], graph_script_operations[], graph_config_operations[],
    graph_batch_operations[];

/* A device of this number; NULL when memory is short. */
json_t *graph_add_device(struct graph *graph, uint64_t number);

/* The first device that is a member of the group; NULL: none. */
const json_t *graph_taker(const struct graph *graph, const char *group_id);

/* How far something that began at `since_ms` has come: 0 to 2; its end is `end`. */
int graph_progress(const struct graph *graph, const json_t *item);

/* ---- graph_token.c ---- */
bool graph_is_token_path(struct slice path);
struct graph_reply graph_give_token(struct graph *graph,
                                    const struct http_request *http,
                                    struct arena *arena);
bool graph_token_is_good(struct graph *graph, const struct http_request *http);

#endif
