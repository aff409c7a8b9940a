/* A look is one transaction: for each adapter that is ready and has free slots, it
 * claims what is due and learns when the next row will be. Only one look is under way;
 * a wake-up during it asks for another. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/metric.h"
#include "order/engine_state.h"
#include "order/op.h"

static struct metric claimed_total = { .kind = METRIC_COUNTER,
                                       .name = "esimd_operations_claimed_total",
                                       .help = "Operations taken up by the engine.",
                                       .label = "adapter" };

struct look_row {
    struct adapter *adapter;
    struct outbox_claim claim;
    int64_t next_due_ms;
};

struct look {
    struct engine *engine;
    struct txn txn;
    struct look_row rows[ENGINE_ADAPTERS_MAX];
    unsigned count;
};

static bool run_look(struct db *db, void *arg, struct err *err)
{
    struct look *look = arg;
    for (unsigned i = 0; i < look->count; i++) {
        struct look_row *row = &look->rows[i];
        if (!outbox_claim(db, &row->claim, err) ||
            !outbox_next_due(db, row->claim.adapter, &row->next_due_ms, err))
            return false;
    }
    return true;
}

static void free_claims(struct claim *claims)
{
    while (claims != NULL) {
        struct claim *next = claims->next;
        claim_free(&claims);
        claims = next;
    }
}

static void start_claims(struct engine *engine, struct look_row *row)
{
    struct claim *claim = row->claim.claims;
    while (claim != NULL) {
        struct claim *next = claim->next;
        claim->next = NULL;
        metric_count(&claimed_total, row->claim.adapter, NULL);
        op_start(engine, row->adapter, claim);
        claim = next;
    }
}

/* At the next due time, or at the poll interval, whichever is first. */
static void plan_next_look(struct engine *engine, const struct look *look)
{
    int64_t now_ms = clock_wall_ms();
    int64_t after_ms = settings_int(engine->parts.settings, SET_ENGINE_POLL_MS);
    for (unsigned i = 0; i < look->count; i++) {
        int64_t due_ms = look->rows[i].next_due_ms;
        bool full = (int64_t)look->rows[i].claim.count == look->rows[i].claim.most;
        if (!full && due_ms > now_ms && due_ms - now_ms < after_ms)
            after_ms = due_ms - now_ms;
    }
    loop_timer_set(engine->look_timer, after_ms);
}

static void look_done(void *arg, bool ok, const struct err *err)
{
    struct look *look = arg;
    struct engine *engine = look->engine;
    engine->looking = false;
    for (unsigned i = 0; i < look->count; i++) {
        if (ok && !engine->stopping)
            start_claims(engine, &look->rows[i]);
        else
            free_claims(look->rows[i].claim.claims);
    }
    if (!ok)
        log_err("engine.look_failed", err);
    if (!engine->stopping)
        plan_next_look(engine, look);
    free(look);
    engine_leaving_look(engine);
    if (engine->look_again)
        engine_look(engine);
}

static void add_row(struct look *look, struct adapter *adapter)
{
    struct engine *engine = look->engine;
    const struct settings *settings = engine->parts.settings;
    const struct manifest *manifest = adapter_manifest(adapter);
    struct adapter_health health;
    adapter_read_health(adapter, &health);
    int64_t most = manifest->in_flight - adapter_in_flight(adapter);
    int64_t batch = settings_int(settings, SET_ENGINE_BATCH);
    int64_t room = settings_int(settings, SET_ENGINE_IN_FLIGHT) -
                   engine_in_flight(engine);
    if (most > batch)
        most = batch;
    if (most > room)
        most = room;
    if (!health.ready || most <= 0)
        return;
    look->rows[look->count++] = (struct look_row){
        .adapter = adapter,
        .next_due_ms = INT64_MAX,
        .claim = { .owner = engine->owner,
                   .adapter = manifest->name,
                   .version = manifest->version,
                   .digest = manifest->digest,
                   .now_ms = clock_wall_ms(),
                   .lease_ms = settings_int(settings, SET_ENGINE_LEASE_MS),
                   .step_deadline_ms = settings_int(settings,
                                                    SET_ENGINE_STEP_DEADLINE_MS),
                   .most = most,
                   .sealer = engine->parts.sealer },
    };
}

void engine_look(struct engine *engine)
{
    if (engine->stopping)
        return;
    engine->look_again = engine->looking;
    if (engine->looking)
        return;
    struct look *look = calloc(1, sizeof *look);
    memory_need(look != NULL);
    look->engine = engine;
    for (unsigned i = 0; i < engine->adapter_count; i++)
        add_row(look, engine->adapters[i]);
    if (look->count == 0) { /* An operation that ends looks again. */
        plan_next_look(engine, look);
        free(look);
        return;
    }
    engine->looking = true;
    look->txn = (struct txn){
        .run = run_look, .done = look_done, .arg = look, .reply_to = engine->loop
    };
    store_write(engine->parts.store, &look->txn);
}
