#include "loop/loop.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"

struct loop {
    struct event_base *base;
    struct event *wakeup;
    int wakeup_fd;
    pthread_mutex_t lock; /* Guards first, last. */
    struct loop_job *first;
    struct loop_job **last;
    _Atomic bool stopping;
    _Atomic bool running;
    pthread_t thread; /* Valid while running. */
};

struct loop_timer {
    struct event *event;
    void (*fire)(void *arg);
    void *arg;
};

static struct loop_job *take_jobs(struct loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    struct loop_job *jobs = loop->first;
    loop->first = NULL;
    loop->last = &loop->first;
    pthread_mutex_unlock(&loop->lock);
    return jobs;
}

static void run_jobs(struct loop *loop)
{
    struct loop_job *job = take_jobs(loop);
    while (job != NULL) {
        struct loop_job *next = job->next; /* `run` may free the job. */
        job->run(job->arg);
        job = next;
    }
}

static void on_wakeup(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    struct loop *loop = arg;
    uint64_t count;
    ssize_t got = read(fd, &count, sizeof count);
    (void)got; /* Nothing to read means another turn took it. */
    run_jobs(loop);
    if (atomic_load(&loop->stopping))
        event_base_loopbreak(loop->base);
}

static struct event_base *make_base(void)
{
    struct event_config *config = event_config_new();
    if (config == NULL)
        return NULL;
    int failed = event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    struct event_base *base = failed ? NULL : event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

struct loop *loop_create(struct err *err)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for an event loop");
        return NULL;
    }
    pthread_mutex_init(&loop->lock, NULL);
    loop->last = &loop->first;
    loop->wakeup_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->base = make_base();
    if (loop->wakeup_fd >= 0 && loop->base != NULL)
        loop->wakeup = event_new(loop->base, loop->wakeup_fd, EV_READ | EV_PERSIST,
                                 on_wakeup, loop);
    if (loop->wakeup == NULL || event_add(loop->wakeup, NULL) != 0) {
        err_errno(err, "making an event loop");
        loop_destroy(&loop);
    }
    return loop;
}

void loop_destroy(struct loop **loop)
{
    struct loop *gone = *loop;
    if (gone == NULL)
        return;
    assert(!atomic_load(&gone->running));
    run_jobs(gone);
    if (gone->wakeup != NULL)
        event_free(gone->wakeup);
    if (gone->base != NULL)
        event_base_free(gone->base);
    if (gone->wakeup_fd >= 0)
        close(gone->wakeup_fd);
    pthread_mutex_destroy(&gone->lock);
    free(gone);
    *loop = NULL;
}

struct event_base *loop_base(struct loop *loop)
{
    return loop->base;
}

static void wake(struct loop *loop)
{
    uint64_t one = 1;
    ssize_t written = write(loop->wakeup_fd, &one, sizeof one);
    (void)written; /* EAGAIN: it is awake already. */
}

void loop_run(struct loop *loop)
{
    loop->thread = pthread_self();
    atomic_store(&loop->running, true);
    while (!atomic_load(&loop->stopping)) {
        int failed = event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
        assert(failed == 0);
    }
    atomic_store(&loop->running, false);
    atomic_store(&loop->stopping, false);
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stopping, true);
    wake(loop);
}

void loop_post(struct loop *loop, struct loop_job *job)
{
    assert(job->run != NULL);
    job->next = NULL;
    pthread_mutex_lock(&loop->lock);
    bool was_empty = loop->first == NULL;
    *loop->last = job;
    loop->last = &job->next;
    pthread_mutex_unlock(&loop->lock);
    if (was_empty)
        wake(loop);
}

bool loop_is_here(const struct loop *loop)
{
    return !atomic_load(&loop->running) || pthread_equal(loop->thread, pthread_self());
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct loop_timer *timer = arg;
    timer->fire(timer->arg);
}

struct loop_timer *loop_timer_create(struct loop *loop, void (*fire)(void *), void *arg)
{
    struct loop_timer *timer = calloc(1, sizeof *timer);
    if (timer == NULL)
        return NULL;
    timer->fire = fire;
    timer->arg = arg;
    timer->event = event_new(loop->base, -1, 0, on_timer, timer);
    if (timer->event == NULL) {
        free(timer);
        return NULL;
    }
    return timer;
}

void loop_timer_destroy(struct loop_timer **timer)
{
    if (*timer == NULL)
        return;
    event_free((*timer)->event);
    free(*timer);
    *timer = NULL;
}

void loop_timer_set(struct loop_timer *timer, int64_t after_ms)
{
    struct timeval after = { .tv_sec = (time_t)(after_ms / 1000),
                             .tv_usec = (suseconds_t)(after_ms % 1000 * 1000) };
    memory_need(event_add(timer->event, &after) == 0);
}

void loop_timer_stop(struct loop_timer *timer)
{
    event_del(timer->event);
}
