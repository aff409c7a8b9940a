/* loop.h - one thread's event loop (libevent), and the way into it from other threads.
 *
 * The engine has one, each API thread has one. All that belongs to a loop (connections,
 * cells, timers) is touched on its thread only; others post a job.
 *
 * Threads  loop_post and loop_stop from any thread; everything else on the loop's own,
 *          or before loop_run. */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct loop;

/* Work for a loop. The memory is the poster's and must live until `run` is called; `run`
 * may free or reuse it. */
struct loop_job {
    void (*run)(void *arg);
    void *arg;
    struct loop_job *next; /* Private to the queue. */
};

struct loop *loop_create(struct err *err);
void loop_destroy(struct loop **loop); /* Jobs not yet run are run first. */
struct event_base *loop_base(struct loop *loop);

/* Runs until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* `job->run` is called on the loop's thread, in the order of posting. [any thread] */
void loop_post(struct loop *loop, struct loop_job *job);

/* True on the loop's own thread, or while it is not running. */
bool loop_is_here(const struct loop *loop);

/* A one-shot timer. Setting it again moves it; 0 ms means at the next turn. */
struct loop_timer;
struct loop_timer *loop_timer_create(struct loop *loop, void (*fire)(void *),
                                     void *arg);
void loop_timer_destroy(struct loop_timer **timer);
void loop_timer_set(struct loop_timer *timer, int64_t after_ms);
void loop_timer_stop(struct loop_timer *timer);

#endif
