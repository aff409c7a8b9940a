#include "api/worker.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/adapter_sight.h"
#include "api/event_stream.h"
#include "api/key_cache.h"
#include "api/order_cache.h"
#include "api/policy_keeper.h"
#include "api/policy_seat.h"
#include "api/route.h"
#include "api/waiters.h"
#include "base/clock.h"

enum {
    OUT_BYTES = 16 << 20,
    LOOK_EVERY_US = 5000, /* However many commits there are. */
    READY_EVERY_MS = 10,  /* While the policy's cell starts. */
};

/* ---- limits from settings ---- */

static struct http_limits http_limits_of(const struct settings *s)
{
    return (struct http_limits){
        .head_bytes = (size_t)settings_int(s, SET_HTTP_HEAD_BYTES),
        .body_bytes = (size_t)settings_int(s, SET_HTTP_BODY_BYTES),
        .headers = (size_t)settings_int(s, SET_HTTP_HEADERS),
        .pipeline = (size_t)settings_int(s, SET_HTTP_PIPELINE),
        .connections = (size_t)(settings_int(s, SET_HTTP_CONNECTIONS) /
                                    settings_int(s, SET_HTTP_THREADS) +
                                1),
        .gzip_bytes = (size_t)settings_int(s, SET_HTTP_GZIP_BYTES),
        .head_ms = settings_int(s, SET_HTTP_HEAD_MS),
        .request_ms = settings_int(s, SET_HTTP_REQUEST_MS),
        .idle_ms = settings_int(s, SET_HTTP_IDLE_MS),
        .write_ms = settings_int(s, SET_HTTP_WRITE_MS),
    };
}

/* ---- waking ---- */

static void look(struct worker *worker)
{
    worker->looked_us = clock_mono_us();
    waiters_look(worker->waiters);
    streams_look(worker->streams);
}

static void on_tick(void *arg)
{
    struct worker *worker = arg;
    if (atomic_load(&worker->policy_ready)) {
        look(worker);
        return;
    }
    atomic_store(&worker->policy_ready,
                 policy_is_ready(policy_seat_now(worker->policy)));
    loop_timer_set(worker->tick, READY_EVERY_MS);
}

static void on_wake(void *arg)
{
    struct worker *worker = arg;
    atomic_store(&worker->wake_posted, false);
    if (worker->shared->stopping) /* Nobody waits any more. */
        return;
    int64_t since_us = clock_mono_us() - worker->looked_us;
    if (since_us >= LOOK_EVERY_US)
        look(worker);
    else if (atomic_load(&worker->policy_ready))
        loop_timer_set(worker->tick, (LOOK_EVERY_US - since_us + 999) / 1000);
}

void worker_wake(struct worker *worker)
{
    if (atomic_load(&worker->listeners) > 0 &&
        !atomic_exchange(&worker->wake_posted, true))
        loop_post(worker->loop, &worker->wake_job);
}

/* ---- stopping ---- */

static void stop_when_quiet(struct worker *worker)
{
    if (worker->shared->stopping && worker->draining == 0 && worker->open_calls == 0)
        loop_stop(worker->loop);
}

static void on_drained(void *arg)
{
    struct worker *worker = arg;
    worker->draining--;
    stop_when_quiet(worker);
}

static void on_stop(void *arg)
{
    struct worker *worker = arg;
    int64_t within_ms = settings_int(worker->shared->parts.settings, SET_HTTP_DRAIN_MS);
    waiters_end(worker->waiters);
    streams_end(worker->streams);
    worker->draining = worker->callback_server == NULL ? 1 : 2;
    if (worker->callback_server != NULL)
        http_server_drain(worker->callback_server, within_ms, on_drained, worker);
    http_server_drain(worker->server, within_ms, on_drained, worker);
}

void worker_call_began(struct worker *worker)
{
    worker->open_calls++;
}

void worker_call_ended(struct worker *worker)
{
    assert(worker->open_calls > 0);
    worker->open_calls--;
    stop_when_quiet(worker);
}

/* ---- life ---- */

static bool make_policy(struct worker *worker, struct err *err)
{
    const struct api_shared *shared = worker->shared;
    struct policy_image *image = policy_keeper_now(shared->policies);
    worker->policy = policy_seat_create(worker->loop, shared->parts.settings, image,
                                        err);
    policy_image_drop(&image);
    return worker->policy != NULL &&
           policy_keeper_add(shared->policies, worker->loop, worker->policy, err);
}

static bool make_servers(struct worker *worker, struct err *err)
{
    struct api_shared *shared = worker->shared;
    struct http_limits limits = http_limits_of(shared->parts.settings);
    bool apart = shared->callbacks_apart;
    worker->api_listener = (struct listener){
        worker, ROUTE_SIDE_API | (apart ? 0u : (unsigned)ROUTE_SIDE_CALLBACK)
    };
    worker->callback_listener = (struct listener){ worker, ROUTE_SIDE_CALLBACK };
    worker->server = http_server_create(worker->loop, &limits, dispatch,
                                        &worker->api_listener, err);
    if (worker->server != NULL && apart && worker->index == 0)
        worker->callback_server = http_server_create(worker->loop, &limits, dispatch,
                                                     &worker->callback_listener, err);
    return worker->server != NULL &&
           (worker->callback_server != NULL || !apart || worker->index != 0);
}

static bool make_parts(struct worker *worker, struct err *err)
{
    struct api_shared *shared = worker->shared;
    worker->reader = store_reader_open(shared->parts.store, err);
    if (worker->reader == NULL)
        return false;
    if (!make_policy(worker, err) || !make_servers(worker, err))
        return false;
    worker->identity = (struct identity_parts){
        .keys = key_cache_create(shared->parts.store, worker->reader,
                                 &shared->key_generation),
        .unix_roles = shared->unix_roles,
    };
    worker->adapters = adapter_sight_create(shared->parts.directory);
    worker->orders = order_cache_create(
        (unsigned)settings_int(shared->parts.settings, SET_CACHE_ORDERS),
        (unsigned)settings_int(shared->parts.settings, SET_CACHE_ORDER_BYTES));
    worker->waiters = waiters_create(worker);
    worker->streams = streams_create(worker);
    worker->tick = loop_timer_create(worker->loop, on_tick, worker);
    bool whole = worker->identity.keys != NULL && worker->adapters != NULL &&
                 worker->orders != NULL && worker->waiters != NULL &&
                 worker->streams != NULL && worker->tick != NULL;
    return whole || err_set(err, ERR_UNAVAILABLE, "no memory for an API thread");
}

struct worker *worker_create(struct api_shared *shared, int index, struct err *err)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for an API thread");
        return NULL;
    }
    worker->shared = shared;
    worker->index = index;
    buf_init(&worker->out, OUT_BYTES);
    worker->wake_job = (struct loop_job){ .run = on_wake, .arg = worker };
    worker->stop_job = (struct loop_job){ .run = on_stop, .arg = worker };
    worker->loop = loop_create(err);
    if (worker->loop == NULL || !make_parts(worker, err))
        worker_destroy(&worker);
    return worker;
}

void worker_destroy(struct worker **worker)
{
    struct worker *gone = *worker;
    if (gone == NULL)
        return;
    assert(!gone->running);
    http_server_destroy(&gone->server);
    http_server_destroy(&gone->callback_server);
    policy_seat_destroy(&gone->policy);
    waiters_destroy(&gone->waiters);
    streams_destroy(&gone->streams);
    loop_timer_destroy(&gone->tick);
    adapter_sight_destroy(&gone->adapters);
    order_cache_destroy(&gone->orders);
    key_cache_destroy(&gone->identity.keys);
    store_reader_close(&gone->reader);
    loop_destroy(&gone->loop);
    buf_finish_secret(&gone->out);
    free(gone);
    *worker = NULL;
}

bool worker_listen(struct worker *worker, const char *address, char ret[ADDRESS_SIZE],
                   char ret_callback[ADDRESS_SIZE], struct err *err)
{
    struct api_shared *shared = worker->shared;
    const struct settings *settings = shared->parts.settings;
    const char *path = settings_text(settings, SET_HTTP_SOCKET);
    if (address[0] != '\0' &&
        !http_server_listen(worker->server, address, shared->tls, ret, err))
        return false;
    if (worker->index != 0)
        return true;
    if (path[0] != '\0' && !http_server_listen_unix(worker->server, path, err))
        return false;
    return !shared->callbacks_apart ||
           http_server_listen(worker->callback_server,
                              settings_text(settings, SET_CALLBACK_LISTEN),
                              shared->callback_tls, ret_callback, err);
}

static void *run(void *arg)
{
    struct worker *worker = arg;
    loop_timer_set(worker->tick, 0);
    loop_run(worker->loop);
    return NULL;
}

bool worker_start(struct worker *worker, struct err *err)
{
    int failed = pthread_create(&worker->thread, NULL, run, worker);
    if (failed != 0)
        return err_set(err, ERR_IO, "starting an API thread: %s", strerror(failed));
    worker->running = true;
    return true;
}

void worker_stop(struct worker *worker)
{
    loop_post(worker->loop, &worker->stop_job);
}

void worker_join(struct worker *worker)
{
    if (!worker->running)
        return;
    pthread_join(worker->thread, NULL);
    worker->running = false;
}
