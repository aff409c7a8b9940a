/* client.h - esimctl's HTTP side (libcurl): one host, one identity, one request at a
 * time.
 *
 * Threads  One. */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "ctl/place.h"

struct client;

struct client *client_create(const struct place *place, struct err *err);
void client_destroy(struct client **client);

struct ask {
    const char *method;
    const char *path;   /* "/v1/orders/..."; names in it are made safe by the caller. */
    const char *accept; /* NULL: application/json. */
    const char *headers[4]; /* Further ones, "Name: value". */
    json_t *body;           /* Borrowed; NULL: none. */
    int64_t timeout_ms;     /* 0: none. */
};

struct answer {
    int status;
    struct buf body;
    char request_id[64];
    char type[64];
    json_t *json; /* The body, where it is JSON. */
};

/* False: no answer at all (ERR_UNAVAILABLE, ERR_TIMEOUT). */
bool client_ask(struct client *client, const struct ask *ask, struct answer *ret,
                struct err *err);
void answer_finish(struct answer *answer);

/* The exit code of an answer: EXIT_DONE for 2xx; otherwise the problem has been told on
 * standard error, with the request id. */
int answer_exit(const struct answer *answer);

/* Asks and gives the JSON of a good answer (a new reference); else the exit code. */
int client_json(struct client *client, const struct ask *ask, json_t **ret);

/* Follows an event stream. `event` gets each one; false ends it. True: ended so; false:
 * err says why (ERR_TIMEOUT when the time is over). */
bool client_follow(struct client *client, const char *path, int64_t timeout_ms,
                   bool (*event)(void *arg, const json_t *event), void *arg,
                   struct err *err);

/* Percent-encoded for a path or a query. The caller frees; NULL: no memory. */
char *client_escape(const char *text);

/* A path with one name in it, percent-encoded: "/v1/orders/%s/cancel". The caller
 * frees. */
char *client_path(const char *before, const char *name, const char *after);

#endif
