/* A carrier accepts our credentials, or it does not: told once, not at each order. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "order/engine_state.h"
#include "order/outbox.h"
#include "store/event_log.h"

enum { AGAIN_MS = 50, NAME_SIZE = 64, DATA_BYTES_MAX = 4096 };

#define NOBODYS "default" /* Who is told of the view that all share. */

struct word {
    struct engine *engine;
    char adapter[NAME_SIZE];
    char tenant[NAME_SIZE];
    const char *event; /* NULL: none. */
    struct buf data;
    bool hastens;
    struct txn txn;
    struct loop_timer *again; /* The store was full. */
};

/* ---- on the writer's thread ---- */

static bool run(struct db *db, void *arg, struct err *err)
{
    const struct word *word = arg;
    char resource[NAME_SIZE + 16];
    bool shared = word->tenant[0] == '\0';
    int length = snprintf(resource, sizeof resource, "adapter/%s", word->adapter);
    assert(length > 0);
    return (word->event == NULL ||
            event_append(db, shared ? NOBODYS : word->tenant, word->event, resource,
                         word->data.ptr, NULL, err)) &&
           (!word->hastens ||
            outbox_hasten(db, word->adapter, shared ? NULL : word->tenant, err));
}

/* ---- on the loop ---- */

static void word_free(struct word *word)
{
    loop_timer_destroy(&word->again);
    buf_finish(&word->data);
    free(word);
}

static void done(void *arg, bool ok, const struct err *err)
{
    struct word *word = arg;
    struct engine *engine = word->engine;
    if (!ok && err->code == ERR_UNAVAILABLE && !engine->stopping) {
        loop_timer_set(word->again, AGAIN_MS);
        return;
    }
    if (!ok)
        log_err("engine.credentials_not_told", err);
    bool wakes = ok && word->hastens;
    word_free(word);
    engine->words--;
    if (wakes && !engine->stopping)
        engine_wake(engine);
    engine_maybe_stopped(engine);
}

static void post(void *arg)
{
    struct word *word = arg;
    word->txn = (struct txn){
        .run = run, .done = done, .arg = word, .reply_to = word->engine->loop
    };
    store_write(word->engine->parts.store, &word->txn);
}

static void say(struct engine *engine, struct adapter *adapter, const char *tenant,
                const char *event, const json_t *data, bool hastens)
{
    struct word *word = calloc(1, sizeof *word);
    memory_need(word != NULL);
    word->engine = engine;
    word->event = event;
    word->hastens = hastens;
    word->again = loop_timer_create(engine->loop, post, word);
    memory_need(word->again != NULL);
    bool fits = slice_copy(slice_of(adapter_manifest(adapter)->name), word->adapter,
                           sizeof word->adapter) &&
                slice_copy(slice_of(tenant), word->tenant, sizeof word->tenant);
    assert(fits);
    buf_init(&word->data, DATA_BYTES_MAX);
    if (data != NULL)
        json_write(data, &word->data);
    memory_need(buf_ok(&word->data));
    engine->words++;
    post(word);
}

/* "session:smsc" is the member "session" with the value "smsc". */
static json_t *data_of(const struct adapter *adapter, const char *use,
                       const char *reason)
{
    struct slice rest = slice_of(use);
    struct slice kind = slice_cut(&rest, ':');
    char name[16];
    json_t *data = json_object();
    json_put_text(data, "adapter", adapter_manifest(adapter)->name);
    if (slice_copy(kind, name, sizeof name))
        json_object_set_new(data, name, json_stringn(rest.ptr, rest.size));
    json_put_text(data, "reason", reason);
    return data;
}

void engine_refused(struct engine *engine, struct adapter *adapter, const char *tenant,
                    const char *use, const char *reason)
{
    bool news = adapter_note_refused(adapter, tenant, use, reason);
    engine_publish_soon(engine);
    if (!news)
        return;
    log_line(LOG_ERROR, "adapter.unauthorised",
             LOG_TEXT("adapter", adapter_manifest(adapter)->name),
             LOG_TEXT("tenant", tenant), LOG_TEXT("use", use),
             LOG_TEXT("reason", reason));
    json_t *data = data_of(adapter, use, reason);
    say(engine, adapter, tenant, "adapter.unauthorised", data, false);
    json_decref(data);
}

void engine_accepted(struct engine *engine, struct adapter *adapter, const char *tenant,
                     const char *use, bool waited)
{
    bool news = adapter_note_accepted(adapter, tenant, use);
    if (news) {
        json_t *data = data_of(adapter, use, NULL);
        engine_publish_soon(engine);
        say(engine, adapter, tenant, "adapter.authorised", data, true);
        json_decref(data);
    } else if (waited) {
        say(engine, adapter, tenant, NULL, NULL, true);
    }
}

void engine_hasten(struct engine *engine, struct adapter *adapter)
{
    say(engine, adapter, "", NULL, NULL, true);
}
