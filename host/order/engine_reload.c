/* A reload keeps what serves until the newer one has proved itself; then new operations
 * run on the newer, and those under way end on the older, which leaves with its last. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "order/engine_state.h"
#include "order/session_link.h"

enum { NAME_SIZE = 64, VERSION_SIZE = 64 };

struct engine_reload {
    struct engine_reload *next;
    struct engine *engine;
    char name[NAME_SIZE];
    struct adapter *fresh; /* Being tried. */
    struct loop_timer *timer;
    struct loop *reply_to;
    engine_reload_done done;
    void *arg;
    /* The verdict, read on reply_to's thread. */
    bool ok;
    char version[VERSION_SIZE];
    struct err err;
    struct loop_job job;
};

static void deliver(void *arg)
{
    struct engine_reload *reload = arg;
    reload->done(reload->arg, reload->ok, reload->version, &reload->err);
    free(reload);
}

static void conclude(struct engine_reload *reload)
{
    struct engine *engine = reload->engine;
    for (struct engine_reload **at = &engine->reloads; *at != NULL; at = &(*at)->next)
        if (*at == reload) {
            *at = reload->next;
            break;
        }
    loop_timer_destroy(&reload->timer);
    log_line(reload->ok ? LOG_INFO : LOG_ERROR, "adapter.reload",
             LOG_TEXT("name", reload->name), LOG_TEXT("version", reload->version),
             LOG_INT("ok", reload->ok), LOG_TEXT("reason", reload->err.text));
    reload->job = (struct loop_job){ .run = deliver, .arg = reload };
    loop_post(reload->reply_to, &reload->job);
}

static void keep_old(struct engine_reload *reload)
{
    struct err why = reload->err;
    adapter_destroy(&reload->fresh);
    reload->ok = false;
    reload->err = why;
    conclude(reload);
}

void engine_adapter_idle(struct engine *engine, struct adapter *adapter)
{
    if (adapter_in_flight(adapter) > 0 || engine->looking)
        return;
    for (unsigned i = 0; i < engine->leaving_count; i++) {
        if (engine->leaving[i] != adapter)
            continue;
        engine->leaving[i] = engine->leaving[--engine->leaving_count];
        adapter_destroy(&adapter);
        return;
    }
}

void engine_leaving_look(struct engine *engine)
{
    for (unsigned i = engine->leaving_count; i > 0; i--)
        engine_adapter_idle(engine, engine->leaving[i - 1]);
}

static void put_in_place(struct engine *engine, struct adapter *fresh, const char *name)
{
    for (unsigned i = 0; i < engine->adapter_count; i++) {
        struct adapter *old = engine->adapters[i];
        if (strcmp(adapter_manifest(old)->name, name) != 0)
            continue;
        adapter_take_over(fresh, old);
        engine->adapters[i] = fresh;
        if (adapter_refusals(old) != NULL)
            engine_hasten(engine, fresh);
        engine->leaving[engine->leaving_count++] = old;
        session_links_look(engine); /* Before the old one goes. */
        engine_adapter_idle(engine, old);
        return;
    }
    engine->adapters[engine->adapter_count++] = fresh;
    session_links_look(engine);
}

static void swap(struct engine_reload *reload)
{
    struct engine *engine = reload->engine;
    if (engine->adapter_count == ENGINE_ADAPTERS_MAX ||
        engine->leaving_count == ENGINE_ADAPTERS_MAX) {
        err_set(&reload->err, ERR_LIMIT, "too many adapters or reloads at once");
        keep_old(reload);
        return;
    }
    if (!engine_activate(engine, reload->fresh, &reload->err)) {
        keep_old(reload);
        return;
    }
    struct adapter *fresh = reload->fresh;
    reload->fresh = NULL;
    reload->ok = true;
    engine_forget_failure(engine, reload->name);
    put_in_place(engine, fresh, reload->name);
    engine_publish(engine);
    conclude(reload);
}

static void look_at(struct engine_reload *reload)
{
    struct adapter_health health;
    adapter_read_health(reload->fresh, &health);
    if (health.ready) {
        swap(reload);
    } else if (health.reason[0] != '\0') {
        err_set(&reload->err, ERR_UNTRUSTED, "%s", health.reason);
        keep_old(reload);
    }
}

/* Never from inside the adapter's own callback: it may be destroyed here. */
static void on_timer(void *arg)
{
    look_at(arg);
}

void engine_reloads_look(struct engine *engine)
{
    for (struct engine_reload *at = engine->reloads; at != NULL; at = at->next)
        if (at->timer != NULL)
            loop_timer_set(at->timer, 0);
}

void engine_reloads_drop(struct engine *engine)
{
    while (engine->reloads != NULL) {
        err_set(&engine->reloads->err, ERR_UNAVAILABLE, "the host is stopping");
        keep_old(engine->reloads);
    }
}

static void begin(void *arg)
{
    struct engine_reload *reload = arg;
    struct engine *engine = reload->engine;
    reload->next = engine->reloads;
    engine->reloads = reload;
    reload->fresh = engine_open_adapter(engine, reload->name, &reload->err);
    reload->timer = loop_timer_create(engine->loop, on_timer, reload);
    if (reload->fresh == NULL || reload->timer == NULL) {
        keep_old(reload);
        return;
    }
    int length = snprintf(reload->version, sizeof reload->version, "%.60s",
                          adapter_manifest(reload->fresh)->version);
    assert(length > 0);
    /* The cell's own spawn deadline makes sure that a verdict comes. */
}

void engine_reload(struct engine *engine, const char *adapter, struct loop *reply_to,
                   engine_reload_done done, void *arg)
{
    struct engine_reload *reload = calloc(1, sizeof *reload);
    memory_need(reload != NULL);
    reload->engine = engine;
    reload->reply_to = reply_to;
    reload->done = done;
    reload->arg = arg;
    if (!slice_copy(slice_of(adapter), reload->name, sizeof reload->name)) {
        err_set(&reload->err, ERR_NOT_FOUND, "no adapter of that name");
        reload->job = (struct loop_job){ .run = deliver, .arg = reload };
        loop_post(reply_to, &reload->job);
        return;
    }
    reload->job = (struct loop_job){ .run = begin, .arg = reload };
    loop_post(engine->loop, &reload->job);
}
