/* Each identity has a curl multi handle of its own, and with it a connection cache of its
 * own: curl compares certificates when it reuses a connection, but neither the key file
 * nor credentials in header fields. */
#include "net/http_client.h"

#include <assert.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/metric.h"
#include "crypto/digest.h"
#include "net/call.h"
#include "net/client_certificate.h"

enum { POOL_IDLE_MS = 30000 }; /* A pool without calls closes its connections then. */

struct http_pool {
    struct http_pool *previous, *next;
    struct http_client *client;
    uint8_t identity[DIGEST_SIZE];
    CURLM *multi;
    struct loop_timer *timer; /* curl's. */
    struct loop_timer *idle;
    struct client_certificate *certificate; /* NULL: none. */
    size_t calls;
    bool doubts_cas; /* TLS failed once: the CAs that curl keeps may be why. */
};

struct pool_socket {
    struct event event;
    struct http_pool *pool;
};

struct http_client {
    struct loop *loop;
    struct http_client_limits limits;
    struct http_pool *pools;
    struct http_call *running;
    struct http_call *waiting; /* For a free connection, in order. */
    struct http_call *last_waiting;
    int64_t running_count;
    bool stopping;
};

static struct metric open_calls = { .kind = METRIC_GAUGE,
                                    .name = "esimd_http_client_running",
                                    .help = "Outbound HTTP exchanges under way." };

/* ---- curl multi on the loop ---- */

static void finish_calls(struct http_pool *pool);

static void on_pool_timer(void *arg)
{
    struct http_pool *pool = arg;
    int running;
    curl_multi_socket_action(pool->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    finish_calls(pool);
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
    struct pool_socket *socket = arg;
    struct http_pool *pool = socket->pool; /* The socket may be gone after the call. */
    int running;
    int mask = (what & EV_READ ? CURL_CSELECT_IN : 0) |
               (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(pool->multi, fd, mask, &running);
    finish_calls(pool);
}

/* curl wants timers to fire later, also for 0 (CURLMOPT_TIMERFUNCTION(3)). */
static int on_set_timer(CURLM *multi, long after_ms, void *arg)
{
    (void)multi;
    struct http_pool *pool = arg;
    if (after_ms < 0)
        loop_timer_stop(pool->timer);
    else
        loop_timer_set(pool->timer, after_ms);
    return 0;
}

static struct pool_socket *socket_create(struct http_pool *pool, curl_socket_t fd)
{
    struct pool_socket *socket = calloc(1, sizeof *socket);
    if (socket == NULL)
        return NULL;
    socket->pool = pool;
    curl_multi_assign(pool->multi, fd, socket);
    return socket;
}

static int on_watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
                           void *of_socket)
{
    (void)easy;
    struct http_pool *pool = arg;
    struct pool_socket *socket = of_socket;
    if (socket != NULL)
        event_del(&socket->event);
    if (what == CURL_POLL_REMOVE) {
        free(socket);
        curl_multi_assign(pool->multi, fd, NULL);
        return 0;
    }
    if (socket == NULL)
        socket = socket_create(pool, fd);
    if (socket == NULL)
        return -1; /* Aborts the transfers. */
    short events = EV_PERSIST | (what & CURL_POLL_IN ? EV_READ : 0) |
                   (what & CURL_POLL_OUT ? EV_WRITE : 0);
    event_assign(&socket->event, loop_base(pool->client->loop), fd, events, on_socket,
                 socket);
    return event_add(&socket->event, NULL);
}

/* ---- pools ---- */

static void digest_identity(const struct http_identity *identity,
                            uint8_t ret[DIGEST_SIZE])
{
    const char *texts[] = { identity->ca_file,  identity->cert_file,
                            identity->key_file, identity->pin_sha256,
                            identity->basic,    identity->bearer };
    enum { TEXTS = sizeof texts / sizeof texts[0] };
    char present[TEXTS + 1];
    struct slice pieces[TEXTS + 1];
    for (size_t i = 0; i < TEXTS; i++) {
        present[i] = texts[i] != NULL;
        pieces[i] = slice_of(texts[i]);
    }
    present[TEXTS] = identity->allow_private;
    pieces[TEXTS] = slice_bytes(present, sizeof present);
    digest_pieces(pieces, TEXTS + 1, ret);
}

static void pool_destroy(struct http_pool *pool)
{
    struct http_client *client = pool->client;
    assert(pool->calls == 0);
    if (pool->previous != NULL)
        pool->previous->next = pool->next;
    else if (client->pools == pool)
        client->pools = pool->next;
    if (pool->next != NULL)
        pool->next->previous = pool->previous;
    curl_multi_cleanup(pool->multi);
    loop_timer_destroy(&pool->timer);
    loop_timer_destroy(&pool->idle);
    client_certificate_destroy(&pool->certificate);
    free(pool);
}

static void on_pool_idle(void *arg)
{
    struct http_pool *pool = arg;
    if (pool->calls == 0)
        pool_destroy(pool);
}

static bool pool_start(struct http_pool *pool)
{
    struct http_client *client = pool->client;
    pool->multi = curl_multi_init();
    pool->timer = loop_timer_create(client->loop, on_pool_timer, pool);
    pool->idle = loop_timer_create(client->loop, on_pool_idle, pool);
    if (pool->multi == NULL || pool->timer == NULL || pool->idle == NULL)
        return false;
    long per_host = (long)client->limits.connections_per_host;
    CURLM *multi = pool->multi;
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_watch_socket) ==
               CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, pool) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_set_timer) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERDATA, pool) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, per_host) ==
               CURLM_OK &&
           /* By default curl closes what is more than four times the calls under way:
            * between two bursts nearly all. */
           curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, per_host) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) ==
               CURLM_OK;
}

/* curl calls it for each new TLS connection; a failure ends the call before any byte. */
static CURLcode on_tls_context(CURL *easy, void *context, void *arg)
{
    struct http_call *call = arg;
    struct err err = ERR_INIT;
    (void)easy;
    if (client_certificate_use(call->pool->certificate, context, &err))
        return CURLE_OK;
    int length = snprintf(call->words, sizeof call->words, "%s", err.text);
    assert(length > 0);
    return CURLE_SSL_CERTPROBLEM;
}

static bool keep_certificate(struct http_pool *pool,
                             const struct http_identity *identity)
{
    if (identity->cert_file == NULL)
        return true;
    const char *key_file = identity->key_file != NULL ? identity->key_file
                                                      : identity->cert_file;
    pool->certificate = client_certificate_create(identity->cert_file, key_file);
    return pool->certificate != NULL;
}

static struct http_pool *pool_create(struct http_client *client,
                                     const struct http_identity *of,
                                     const uint8_t identity[DIGEST_SIZE])
{
    struct http_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return NULL;
    pool->client = client;
    memcpy(pool->identity, identity, DIGEST_SIZE);
    if (!keep_certificate(pool, of) || !pool_start(pool)) {
        pool_destroy(pool);
        return NULL;
    }
    pool->next = client->pools;
    if (pool->next != NULL)
        pool->next->previous = pool;
    client->pools = pool;
    return pool;
}

static struct http_pool *pool_of(struct http_client *client,
                                 const struct http_identity *identity)
{
    uint8_t digest[DIGEST_SIZE];
    digest_identity(identity, digest);
    for (struct http_pool *pool = client->pools; pool != NULL; pool = pool->next)
        if (memcmp(pool->identity, digest, DIGEST_SIZE) == 0)
            return pool;
    return pool_create(client, identity, digest);
}

/* ---- the running calls ---- */

/* False when memory is short; the call is then in no list. */
static bool run(struct http_call *call)
{
    struct http_client *client = call->client;
    call_set_time_left(call);
    if (curl_multi_add_handle(call->pool->multi, call->easy) != CURLM_OK)
        return false;
    call->is_running = true;
    call->previous = NULL;
    call->next = client->running;
    if (call->next != NULL)
        call->next->previous = call;
    client->running = call;
    client->running_count++;
    metric_add(metric_series(&open_calls, NULL, NULL), 1);
    return true;
}

static void leave_running(struct http_call *call)
{
    struct http_client *client = call->client;
    curl_multi_remove_handle(call->pool->multi, call->easy);
    if (call->previous != NULL)
        call->previous->next = call->next;
    else
        client->running = call->next;
    if (call->next != NULL)
        call->next->previous = call->previous;
    client->running_count--;
    metric_add(metric_series(&open_calls, NULL, NULL), -1);
}

static void leave_waiting(struct http_call *call)
{
    struct http_client *client = call->client;
    if (call->previous != NULL)
        call->previous->next = call->next;
    else
        client->waiting = call->next;
    if (call->next != NULL)
        call->next->previous = call->previous;
    else
        client->last_waiting = call->previous;
    call->previous = NULL;
    call->next = NULL;
    loop_timer_destroy(&call->deadline);
}

/* curl reads a file of CAs once and keeps it for a day. When it has been replaced since,
 * or there was no memory to take a certificate in whole, every later handshake fails too:
 * so after one failure it is read for each connection. */
static bool is_tls_failure(CURLcode result)
{
    return result == CURLE_SSL_CONNECT_ERROR ||
           result == CURLE_PEER_FAILED_VERIFICATION;
}

static void enter_pool(struct http_call *call, struct http_pool *pool)
{
    call->pool = pool;
    if (pool->doubts_cas)
        curl_easy_setopt(call->easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
    if (pool->certificate != NULL) {
        curl_easy_setopt(call->easy, CURLOPT_SSL_CTX_FUNCTION, on_tls_context);
        curl_easy_setopt(call->easy, CURLOPT_SSL_CTX_DATA, call);
    }
    pool->calls++;
    loop_timer_stop(pool->idle);
}

static void leave_pool(struct http_call *call)
{
    call->pool->calls--;
    if (call->pool->calls == 0)
        loop_timer_set(call->pool->idle, POOL_IDLE_MS);
}

static void leave(struct http_call *call)
{
    if (call->is_running)
        leave_running(call);
    else
        leave_waiting(call);
    leave_pool(call);
}

static void end_call(struct http_call *call, CURLcode result)
{
    call->pool->doubts_cas = call->pool->doubts_cas || is_tls_failure(result);
    leave(call);
    call_report(call, result);
    call_destroy(&call);
}

static void run_waiting(struct http_client *client)
{
    while (!client->stopping && client->waiting != NULL &&
           client->running_count < client->limits.connections) {
        struct http_call *call = client->waiting;
        leave_waiting(call);
        if (run(call))
            continue;
        leave_pool(call);
        call_report(call, CURLE_OUT_OF_MEMORY);
        call_destroy(&call);
    }
}

/* A `done` may start and cancel calls, so each message is read afresh. */
static void finish_calls(struct http_pool *pool)
{
    struct http_client *client = pool->client;
    int left;
    for (CURLMsg *message = curl_multi_info_read(pool->multi, &left); message != NULL;
         message = curl_multi_info_read(pool->multi, &left)) {
        CURLcode result = message->data.result; /* The message ends with the handle. */
        struct http_call *call = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        end_call(call, result);
    }
    run_waiting(client);
}

/* ---- waiting for a free connection ---- */

static void on_wait_over(void *arg)
{
    end_call(arg, CURLE_OPERATION_TIMEDOUT);
}

static bool wait_for_connection(struct http_call *call)
{
    struct http_client *client = call->client;
    call->deadline = loop_timer_create(client->loop, on_wait_over, call);
    if (call->deadline == NULL)
        return false;
    loop_timer_set(call->deadline, call->timeout_ms);
    call->previous = client->last_waiting;
    if (call->previous != NULL)
        call->previous->next = call;
    else
        client->waiting = call;
    client->last_waiting = call;
    return true;
}

/* ---- public ---- */

static void start_curl(void)
{
    CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    assert(started == CURLE_OK);
}

struct http_client *http_client_create(struct loop *loop,
                                       const struct http_client_limits *limits,
                                       struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    assert(limits->connections > 0 && limits->connections_per_host > 0);
    pthread_once(&once, start_curl);
    signal(SIGPIPE, SIG_IGN); /* CURLOPT_NOSIGNAL leaves it to us. */
    struct http_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for an HTTP client");
        return NULL;
    }
    client->loop = loop;
    client->limits = *limits;
    return client;
}

void http_client_destroy(struct http_client **client)
{
    struct http_client *gone = *client;
    if (gone == NULL)
        return;
    gone->stopping = true;
    while (gone->running != NULL)
        end_call(gone->running, CURLE_ABORTED_BY_CALLBACK);
    while (gone->waiting != NULL)
        end_call(gone->waiting, CURLE_ABORTED_BY_CALLBACK);
    while (gone->pools != NULL)
        pool_destroy(gone->pools);
    free(gone);
    *client = NULL;
}

struct http_call *http_send(struct http_client *client,
                            const struct http_outgoing *outgoing, http_done done,
                            void *arg, struct err *err)
{
    if (client->stopping) {
        err_set(err, ERR_UNAVAILABLE, "the HTTP client is stopping");
        return NULL;
    }
    struct http_call *call = call_create(outgoing, done, arg, err);
    if (call == NULL)
        return NULL;
    call->client = client;
    struct http_pool *pool = pool_of(client, outgoing->identity);
    if (pool != NULL) {
        enter_pool(call, pool);
        bool runs = client->running_count < client->limits.connections;
        if (runs ? run(call) : wait_for_connection(call))
            return call;
        leave_pool(call);
    }
    err_set(err, ERR_UNAVAILABLE, "no memory for an outbound call");
    call_destroy(&call);
    return NULL;
}

void http_cancel(struct http_call **call)
{
    struct http_call *gone = *call;
    if (gone == NULL)
        return;
    struct http_client *client = gone->client;
    leave(gone);
    call_destroy(&gone);
    *call = NULL;
    run_waiting(client);
}
