/* call.h - one outbound exchange as a curl handle; private to net/.
 *
 * What may have left is known from one place: curl calls CURLOPT_PREREQFUNCTION when a
 * connection stands (handshake done) and before the first byte of the request. Before it
 * nothing has left; after it, everything may have. curl also calls it again before it
 * would repeat a request by itself, as it does when a kept connection turns out dead
 * (whatever the method); the second call refuses. So a request is written at most once.
 *
 * Threads  The loop's. */
#ifndef NET_CALL_H
#define NET_CALL_H

#include <curl/curl.h>

#include "base/arena.h"
#include "base/buf.h"
#include "net/http_client.h"

struct http_call {
    struct http_call *previous, *next; /* Of the client's running or waiting calls. */
    struct http_pool *pool;
    struct http_client *client;
    CURL *easy;
    struct curl_slist *head;
    struct loop_timer *deadline; /* While waiting for a free connection. */
    int64_t began_us;
    int64_t timeout_ms;
    bool is_running;
    http_done done;
    void *arg;
    char *body; /* What is sent. */
    bool allow_private;
    bool address_refused; /* DNS led to a private address. */
    bool may_have_left;
    bool repeat_refused;
    bool head_over; /* Later header lines are trailers. */
    bool broken;    /* The reply's head is malformed. */
    bool over_cap;
    struct arena *arena; /* The reply's fields. */
    struct http_field *fields;
    size_t field_count;
    struct buf reply;
    char words[CURL_ERROR_SIZE]; /* What curl says went wrong. */
};

/* NULL with an error when the call is malformed. */
struct http_call *call_create(const struct http_outgoing *outgoing, http_done done,
                              void *arg, struct err *err);
void call_destroy(struct http_call **call);

/* The time left of the whole deadline, at least 1. */
void call_set_time_left(struct http_call *call);

/* Tells the caller how it ended. */
void call_report(struct http_call *call, CURLcode result);

#endif
