#include "api/policy_keeper.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "api/policy_seat.h"
#include "api/worker.h"
#include "base/log.h"
#include "base/memory.h"
#include "conf/settings.h"
#include "policy/policy_load.h"

/* One API thread's part in a change. */
struct member {
    struct policy_keeper *keeper;
    struct loop *loop;
    struct policy_seat *seat;
    struct loop_job job;
};

/* Who asked for the change under way. */
struct request {
    struct policy_keeper *keeper;
    struct loop *reply_to;
    void (*done)(void *arg, bool ok, const struct err *err);
    void *arg;
    bool ok;
    struct err err;
    struct loop_job job;
};

struct policy_keeper {
    const struct api_parts *parts;
    struct member members[WORKERS_MAX];
    size_t count;

    pthread_mutex_t lock; /* Guards from here on. */
    pthread_cond_t reported;
    struct policy_image *now;
    struct policy_image *next; /* While it is tried. */
    size_t waiting;            /* Members that have not reported. */
    struct err trouble;        /* The first report that was bad. */
    bool changing, ended;
    pthread_t thread; /* Of the last change. */
    bool joinable;
};

/* ---- all threads do one thing, and the change waits for them ---- */

static void report(struct policy_keeper *keeper, const struct err *trouble)
{
    pthread_mutex_lock(&keeper->lock);
    if (trouble != NULL && keeper->trouble.code == ERR_NONE)
        keeper->trouble = *trouble;
    keeper->waiting--;
    pthread_cond_signal(&keeper->reported);
    pthread_mutex_unlock(&keeper->lock);
}

static void on_prepared(void *arg, bool ok, const struct err *err)
{
    struct member *member = arg;
    report(member->keeper, ok ? NULL : err);
}

static void prepare(void *arg)
{
    struct member *member = arg;
    policy_seat_prepare(member->seat, member->keeper->next, on_prepared, member);
}

static void take(void *arg)
{
    struct member *member = arg;
    policy_seat_take(member->seat);
    report(member->keeper, NULL);
}

static void leave(void *arg)
{
    struct member *member = arg;
    policy_seat_leave(member->seat);
    report(member->keeper, NULL);
}

static bool all_do(struct policy_keeper *keeper, void (*what)(void *arg),
                   struct err *err)
{
    pthread_mutex_lock(&keeper->lock);
    keeper->waiting = keeper->count;
    keeper->trouble = (struct err)ERR_INIT;
    pthread_mutex_unlock(&keeper->lock);
    for (size_t i = 0; i < keeper->count; i++) {
        struct member *member = &keeper->members[i];
        member->job = (struct loop_job){ .run = what, .arg = member };
        loop_post(member->loop, &member->job);
    }
    pthread_mutex_lock(&keeper->lock);
    while (keeper->waiting > 0)
        pthread_cond_wait(&keeper->reported, &keeper->lock);
    bool ok = keeper->trouble.code == ERR_NONE;
    if (!ok)
        *err = keeper->trouble;
    pthread_mutex_unlock(&keeper->lock);
    return ok;
}

/* ---- a change ---- */

static struct policy_image *verify(struct policy_keeper *keeper, struct err *err)
{
    const struct api_parts *parts = keeper->parts;
    return policy_verify(settings_text(parts->settings, SET_POLICY_DIR), parts->trust,
                         parts->store, err);
}

static bool is_same(struct policy_keeper *keeper, const struct policy_image *fresh)
{
    return strcmp(policy_image_digest(keeper->now), policy_image_digest(fresh)) == 0;
}

static bool is_newer(struct policy_keeper *keeper, const struct policy_image *fresh,
                     struct err *err)
{
    int64_t now = policy_image_revision(keeper->now);
    int64_t next = policy_image_revision(fresh);
    return next > now ||
           err_set(err, ERR_CONFLICT,
                   "revision %" PRId64 " decides: other files need a higher revision, "
                   "found %" PRId64,
                   now, next);
}

static bool put_in_place(struct policy_keeper *keeper, struct err *err)
{
    struct err none = ERR_INIT;
    if (!all_do(keeper, prepare, err) ||
        !policy_record(keeper->next, keeper->parts->store, err)) {
        all_do(keeper, leave, &none);
        return false;
    }
    pthread_mutex_lock(&keeper->lock);
    struct policy_image *old = keeper->now;
    keeper->now = policy_image_keep(keeper->next);
    pthread_mutex_unlock(&keeper->lock);
    policy_image_drop(&old);
    return all_do(keeper, take, err);
}

static bool change(struct policy_keeper *keeper, struct err *err)
{
    keeper->next = verify(keeper, err);
    if (keeper->next == NULL)
        return false;
    bool ok = is_same(keeper, keeper->next) ||
              (is_newer(keeper, keeper->next, err) && put_in_place(keeper, err));
    policy_image_drop(&keeper->next);
    return ok;
}

/* ---- asking for one ---- */

static void answer(void *arg)
{
    struct request *request = arg;
    request->done(request->arg, request->ok, &request->err);
    free(request);
}

static void post_answer(struct request *request)
{
    request->job = (struct loop_job){ .run = answer, .arg = request };
    loop_post(request->reply_to, &request->job);
}

static void *run(void *arg)
{
    struct request *request = arg;
    struct policy_keeper *keeper = request->keeper;
    request->ok = change(keeper, &request->err);
    log_line(request->ok ? LOG_INFO : LOG_ERROR, "policy.change",
             LOG_INT("revision", policy_image_revision(keeper->now)),
             LOG_INT("ok", request->ok), LOG_TEXT("reason", request->err.text));
    pthread_mutex_lock(&keeper->lock);
    keeper->changing = false;
    pthread_mutex_unlock(&keeper->lock);
    post_answer(request);
    return NULL;
}

/* The thread before this one is past its last use of the lock. */
static void join_last(struct policy_keeper *keeper)
{
    if (keeper->joinable)
        pthread_join(keeper->thread, NULL);
    keeper->joinable = false;
}

static bool start_thread(struct policy_keeper *keeper, struct request *request)
{
    sigset_t all, before;
    join_last(keeper);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    keeper->joinable = pthread_create(&keeper->thread, NULL, run, request) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return keeper->joinable;
}

/* When it has begun, the request is the new thread's. */
static bool begin(struct policy_keeper *keeper, struct request *request)
{
    bool begun = false;
    pthread_mutex_lock(&keeper->lock);
    if (keeper->ended)
        err_set(&request->err, ERR_UNAVAILABLE, "the host is stopping");
    else if (keeper->changing)
        err_set(&request->err, ERR_CONFLICT,
                "another change of the policy is under way");
    else if (!(begun = start_thread(keeper, request)))
        err_set(&request->err, ERR_UNAVAILABLE, "no thread for the change");
    keeper->changing = keeper->changing || begun;
    pthread_mutex_unlock(&keeper->lock);
    return begun;
}

void policy_keeper_load(struct policy_keeper *keeper, struct loop *reply_to,
                        void (*done)(void *arg, bool ok, const struct err *err),
                        void *arg)
{
    struct request *request = calloc(1, sizeof *request);
    memory_need(request != NULL); /* Nobody could be told. */
    *request = (struct request){ .keeper = keeper,
                                 .reply_to = reply_to,
                                 .done = done,
                                 .arg = arg,
                                 .err = ERR_INIT };
    if (!begin(keeper, request))
        post_answer(request);
}

/* ---- life ---- */

struct policy_keeper *policy_keeper_create(const struct api_parts *parts)
{
    struct policy_keeper *keeper = calloc(1, sizeof *keeper);
    if (keeper == NULL)
        return NULL;
    keeper->parts = parts;
    keeper->now = policy_image_keep(parts->policy);
    pthread_mutex_init(&keeper->lock, NULL);
    pthread_cond_init(&keeper->reported, NULL);
    return keeper;
}

void policy_keeper_destroy(struct policy_keeper **keeper)
{
    struct policy_keeper *gone = *keeper;
    if (gone == NULL)
        return;
    assert(!gone->joinable);
    policy_image_drop(&gone->now);
    pthread_cond_destroy(&gone->reported);
    pthread_mutex_destroy(&gone->lock);
    free(gone);
    *keeper = NULL;
}

bool policy_keeper_add(struct policy_keeper *keeper, struct loop *loop,
                       struct policy_seat *seat, struct err *err)
{
    if (keeper->count == WORKERS_MAX)
        return err_set(err, ERR_LIMIT, "too many API threads");
    keeper->members[keeper->count++] =
        (struct member){ .keeper = keeper, .loop = loop, .seat = seat };
    return true;
}

struct policy_image *policy_keeper_now(struct policy_keeper *keeper)
{
    pthread_mutex_lock(&keeper->lock);
    struct policy_image *image = policy_image_keep(keeper->now);
    pthread_mutex_unlock(&keeper->lock);
    return image;
}

void policy_keeper_end(struct policy_keeper *keeper)
{
    pthread_mutex_lock(&keeper->lock);
    keeper->ended = true;
    pthread_mutex_unlock(&keeper->lock);
    join_last(keeper); /* No other is begun. */
}
