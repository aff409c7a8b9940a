#include "order/engine.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "order/engine_state.h"
#include "order/op.h"
#include "order/outbox_message.h"
#include "order/session_link.h"

enum { PUBLISH_MS = 200 };

static void on_look_timer(void *arg)
{
    engine_look(arg);
}

static void on_publish_timer(void *arg)
{
    struct engine *engine = arg;
    engine->publish_planned = false;
    engine_publish(engine);
}

void engine_publish_soon(struct engine *engine)
{
    if (engine->publish_planned || engine->stopping)
        return;
    engine->publish_planned = true;
    loop_timer_set(engine->publish_timer, PUBLISH_MS);
}

static void on_sweep_timer(void *arg)
{
    engine_sweep(arg);
}

static void on_wake(void *arg)
{
    struct engine *engine = arg;
    atomic_store(&engine->woken, false);
    engine_look(engine);
}

static void on_commit(void *arg)
{
    engine_wake(arg);
}

static void stop_now(void *arg)
{
    struct engine *engine = arg;
    op_drop_all(engine);
    loop_stop(engine->loop);
}

struct engine *engine_create(const struct engine_parts *parts, struct err *err)
{
    struct engine *engine = calloc(1, sizeof *engine);
    memory_need(engine != NULL);
    engine->parts = *parts;
    int length = snprintf(engine->owner, sizeof engine->owner, "engine-%ld",
                          (long)getpid());
    assert(length > 0);
    int64_t most = settings_int(parts->settings, SET_ENGINE_IN_FLIGHT);
    struct http_client_limits limits = { .connections = most,
                                         .connections_per_host = most };
    engine->loop = loop_create(err);
    if (engine->loop != NULL)
        engine->client = http_client_create(engine->loop, &limits, err);
    if (engine->client != NULL) {
        engine->look_timer = loop_timer_create(engine->loop, on_look_timer, engine);
        engine->stop_timer = loop_timer_create(engine->loop, stop_now, engine);
        engine->sweep_timer = loop_timer_create(engine->loop, on_sweep_timer, engine);
        engine->publish_timer = loop_timer_create(engine->loop, on_publish_timer,
                                                  engine);
        engine->link_timer = loop_timer_create(engine->loop, session_links_tend,
                                               engine);
    }
    if (engine->stop_timer == NULL || engine->look_timer == NULL ||
        engine->publish_timer == NULL || engine->sweep_timer == NULL ||
        engine->link_timer == NULL) {
        engine_destroy(&engine);
        return NULL;
    }
    engine->wake_job = (struct loop_job){ .run = on_wake, .arg = engine };
    store_on_commit(parts->store, on_commit, engine);
    return engine;
}

static void *run(void *arg)
{
    struct engine *engine = arg;
    engine_look(engine);
    engine_sweep(engine);
    loop_run(engine->loop);
    return NULL;
}

static bool release_claims(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    return outbox_release_all(db, err) && outbox_lose_all(db, err);
}

bool engine_start(struct engine *engine, struct err *err)
{
    /* The store's lock says that no other host lives: every claim is of an earlier
     * life, and every kept session ended with it. */
    if (!store_write_now(engine->parts.store, release_claims, NULL, err) ||
        !engine_load_all(engine, err))
        return err_wrap(err, "starting the engine");
    if (pthread_create(&engine->thread, NULL, run, engine) != 0)
        return err_set(err, ERR_IO, "cannot start the engine's thread");
    engine->started = true;
    return true;
}

void engine_maybe_stopped(struct engine *engine)
{
    if (engine->stopping && engine->ops == NULL && !engine->sweeping &&
        engine->words == 0 && session_links_are_over(engine))
        loop_stop(engine->loop);
}

static void begin_stop(void *arg)
{
    struct engine *engine = arg;
    engine->stopping = true;
    loop_timer_stop(engine->look_timer);
    loop_timer_stop(engine->publish_timer);
    loop_timer_stop(engine->sweep_timer);
    loop_timer_set(engine->stop_timer, engine->stop_within_ms);
    session_links_drain(engine);
    engine_maybe_stopped(engine);
}

void engine_stop(struct engine *engine, int64_t within_ms)
{
    if (!engine->started)
        return;
    engine->stop_within_ms = within_ms;
    engine->stop_job = (struct loop_job){ .run = begin_stop, .arg = engine };
    loop_post(engine->loop, &engine->stop_job);
    pthread_join(engine->thread, NULL);
    engine->started = false;
}

void engine_destroy(struct engine **engine)
{
    struct engine *gone = *engine;
    if (gone == NULL)
        return;
    assert(!gone->started);
    if (gone->loop != NULL) {
        op_drop_all(gone);
        engine_unload_all(gone);
    }
    if (gone->client != NULL)
        http_client_destroy(&gone->client);
    loop_timer_destroy(&gone->look_timer);
    loop_timer_destroy(&gone->stop_timer);
    loop_timer_destroy(&gone->publish_timer);
    loop_timer_destroy(&gone->sweep_timer);
    loop_timer_destroy(&gone->link_timer);
    loop_destroy(&gone->loop);
    free(gone);
    *engine = NULL;
}

void engine_wake(struct engine *engine)
{
    if (!atomic_exchange(&engine->woken, true))
        loop_post(engine->loop, &engine->wake_job);
}

bool engine_is_ready(const struct engine *engine)
{
    return atomic_load(&engine->ready);
}

int64_t engine_in_flight(const struct engine *engine)
{
    return atomic_load(&engine->in_flight);
}
