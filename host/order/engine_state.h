/* engine_state.h - what the engine's own files share. Nobody else includes it.
 *
 * Threads  The engine's loop, except where a member says otherwise. */
#ifndef ORDER_ENGINE_STATE_H
#define ORDER_ENGINE_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "adapter/adapter.h"
#include "adapter/publish.h"
#include "net/http_client.h"
#include "order/engine.h"
#include "order/outbox.h"
#include "order/sweep.h"

enum { ENGINE_ADAPTERS_MAX = 64 };

struct engine {
    struct engine_parts parts;
    struct loop *loop;
    struct http_client *client;
    char owner[OUTBOX_OWNER_SIZE]; /* In claimed_by. */

    /* Adapters that serve now, by name; older versions drain in `leaving`. */
    struct adapter *adapters[ENGINE_ADAPTERS_MAX];
    unsigned adapter_count;
    struct adapter *leaving[ENGINE_ADAPTERS_MAX];
    unsigned leaving_count;
    struct adapter_failure *failures;
    struct engine_reload *reloads; /* Under way. */
    struct session_link *links;    /* Kept sessions (session_link.c). */
    struct loop_timer *link_timer;

    struct loop_timer *look_timer;
    struct loop_timer *stop_timer;
    struct loop_timer *publish_timer;
    bool publish_planned;
    struct loop_timer *sweep_timer;
    struct txn sweep_txn;
    struct sweep sweep;
    bool sweeping;
    struct loop_job wake_job;
    struct loop_job stop_job;
    bool looking, look_again;
    bool stopping;
    struct op *ops; /* All that are in memory. */
    unsigned words; /* Being told (engine_credentials.c). */
    int64_t stop_within_ms;

    pthread_t thread;
    bool started;
    _Atomic bool woken;        /* wake_job is posted. [any thread] */
    _Atomic bool ready;        /* [any thread] */
    _Atomic int64_t in_flight; /* [any thread] */
};

/* engine_look.c: claims what is due, as far as adapters have free slots. */
void engine_look(struct engine *engine);

/* engine_load.c */
bool engine_load_all(struct engine *engine, struct err *err);
void engine_unload_all(struct engine *engine);
void engine_publish(struct engine *engine);
/* How an exchange or operation went is seen by others a moment later, not at each one. */
void engine_publish_soon(struct engine *engine);
struct adapter *engine_adapter(struct engine *engine, const char *name);
/* Verifies NAME's manifest, reads its configuration and spawns its cell. NULL: why. */
struct adapter *engine_open_adapter(struct engine *engine, const char *name,
                                    struct err *err);
/* Records its revision as activated: from now on a lower one is refused. */
bool engine_activate(struct engine *engine, struct adapter *adapter, struct err *err);
void engine_forget_failure(struct engine *engine, const char *name);

/* engine_reload.c: an adapter's health changed; older versions may be idle. */
void engine_reloads_look(struct engine *engine);
void engine_reloads_drop(struct engine *engine);
void engine_leaving_look(struct engine *engine);
/* An operation of this adapter ended: destroys an older version when it was its last. */
void engine_adapter_idle(struct engine *engine, struct adapter *adapter);

/* engine_credentials.c: a carrier refused or accepted the credentials of a tenant's view
 * ("" is the default one) in a use (credentials.h). News is an event, once; what waited
 * is due when they are accepted. `waited`: it is due in any case. */
void engine_refused(struct engine *engine, struct adapter *adapter, const char *tenant,
                    const char *use, const char *reason);
void engine_accepted(struct engine *engine, struct adapter *adapter, const char *tenant,
                     const char *use, bool waited);
/* What waits to be sent by this adapter is due now. */
void engine_hasten(struct engine *engine, struct adapter *adapter);

/* engine_sweep.c: removes what is past its time; plans the next. */
void engine_sweep(struct engine *engine);

/* engine.c: something may be due, or a slot is free. Cheap, coalesced; every commit does
 * it. [any thread] */
void engine_wake(struct engine *engine);

/* After the last operation of a stopping engine. */
void engine_maybe_stopped(struct engine *engine);

#endif
