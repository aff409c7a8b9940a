#include "api/audit_walk.h"

#include <pthread.h>
#include <stdatomic.h>

#include "api/worker.h"
#include "audit/audit.h"

struct walk {
    struct call *call;
    int64_t from_seq, checked;
    void (*done)(struct call *call, int64_t checked, const struct err *err);
    struct err err;
    pthread_t thread;
    struct loop_job job;
};

static _Atomic bool is_walking;

static bool verify(struct db *db, void *arg, struct err *err)
{
    struct walk *walk = arg;
    return audit_verify(db, walk->call->tenant, walk->from_seq, &walk->checked, err);
}

/* On the loop again. */
static void finish(void *arg)
{
    struct walk *walk = arg;
    pthread_join(walk->thread, NULL);
    atomic_store(&is_walking, false);
    walk->done(walk->call, walk->checked, &walk->err);
}

static void *run(void *arg)
{
    struct walk *walk = arg;
    struct worker *worker = walk->call->worker;
    struct store_reader *reader = store_reader_open(worker->shared->parts.store,
                                                    &walk->err);
    if (reader != NULL && store_read(reader, verify, walk, &walk->err))
        walk->err.code = ERR_NONE;
    store_reader_close(&reader);
    loop_post(worker->loop, &walk->job);
    return NULL;
}

void audit_walk(struct call *call, int64_t from_seq,
                void (*done)(struct call *call, int64_t checked, const struct err *err))
{
    struct walk *walk = arena_alloc(call->arena, sizeof *walk);
    if (walk == NULL) {
        call_problem(call, PROBLEM_TOO_LARGE, "the request needs too much memory");
        return;
    }
    *walk = (struct walk){ .call = call, .from_seq = from_seq, .done = done };
    walk->job = (struct loop_job){ .run = finish, .arg = walk };
    if (atomic_exchange(&is_walking, true)) {
        call_field(call, "Retry-After", "5");
        call_problem(call, PROBLEM_UNAVAILABLE, "another check of the audit runs");
        return;
    }
    if (pthread_create(&walk->thread, NULL, run, walk) != 0) {
        atomic_store(&is_walking, false);
        call_problem(call, PROBLEM_UNAVAILABLE, "no thread can be started now");
    }
}
