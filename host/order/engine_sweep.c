#include "base/clock.h"
#include "base/log.h"
#include "order/engine_state.h"

enum { HOUR_MS = 3600000, DAY_MS = 24 * HOUR_MS, SOON_MS = 50 };

static bool run_sweep(struct db *db, void *arg, struct err *err)
{
    struct engine *engine = arg;
    return sweep(db, &engine->sweep, err);
}

static void sweep_done(void *arg, bool ok, const struct err *err)
{
    struct engine *engine = arg;
    if (!ok)
        log_err("engine.sweep_failed", err);
    engine->sweeping = false;
    if (!engine->stopping)
        loop_timer_set(engine->sweep_timer,
                       ok && engine->sweep.more
                           ? SOON_MS
                           : settings_int(engine->parts.settings, SET_SWEEP_S) * 1000);
    engine_maybe_stopped(engine);
}

void engine_sweep(struct engine *engine)
{
    const struct settings *settings = engine->parts.settings;
    if (engine->stopping || engine->sweeping)
        return;
    engine->sweep = (struct sweep){
        .now_ms = clock_wall_ms(),
        .keys_ms = settings_int(settings, SET_IDEMPOTENCY_HOURS) * HOUR_MS,
        .facts_ms = settings_int(settings, SET_INBOX_DAYS) * DAY_MS,
        .most = settings_int(settings, SET_SWEEP_ROWS),
    };
    engine->sweeping = true;
    engine->sweep_txn = (struct txn){
        .run = run_sweep, .done = sweep_done, .arg = engine, .reply_to = engine->loop
    };
    store_write(engine->parts.store, &engine->sweep_txn);
}
