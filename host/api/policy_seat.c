#include "api/policy_seat.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "conf/file.h"

/* Leaving: how many older revisions may still have questions open. */
enum { LOOK_EVERY_MS = 5, PATH_BYTES = 512, LEAVING_MOST = 8 };

struct policy_seat {
    struct loop *loop;
    const struct settings *settings;
    struct policy *now;
    struct policy *next; /* Being tried, or NULL. */
    struct policy *leaving[LEAVING_MOST];
    struct loop_timer *timer;
    int64_t until_us;       /* For `next`; 0 when `done` was called. */
    struct err not_started; /* Why `next` is NULL while it is waited for. */
    void (*done)(void *arg, bool ok, const struct err *err);
    void *arg;
};

static struct cell_limits limits_of(const struct settings *s)
{
    return (struct cell_limits){
        .memory_bytes = settings_int(s, SET_POLICY_MEMORY_MB) << 20,
        .cpu_ms = settings_int(s, SET_POLICY_CPU_MS),
        .wall_ms = settings_int(s, SET_POLICY_WALL_MS),
        .spawn_ms = settings_int(s, SET_CELL_SPAWN_MS),
        .output_bytes = 1 << 20,
        .queue = (size_t)settings_int(s, SET_CELL_QUEUE),
        .deaths = settings_int(s, SET_CELL_DEATHS),
        .deaths_window_ms = settings_int(s, SET_CELL_DEATHS_WINDOW_MS),
        .backoff_ms = settings_int(s, SET_CELL_BACKOFF_MS),
        .backoff_most_ms = settings_int(s, SET_CELL_BACKOFF_MOST_MS),
    };
}

static struct policy *start(struct policy_seat *seat, struct policy_image *image,
                            struct err *err)
{
    char program[PATH_BYTES];
    struct cell_limits limits = limits_of(seat->settings);
    if (!file_path(program, sizeof program, settings_text(seat->settings, SET_CELL_DIR),
                   "esim-policy-cell", err))
        return NULL;
    return policy_create(seat->loop, image, program, &limits, err);
}

/* ---- looking after those that start and those that leave ---- */

static void conclude(struct policy_seat *seat, const struct err *why)
{
    seat->until_us = 0;
    seat->done(seat->arg, why == NULL, why);
}

static void look_at_next(struct policy_seat *seat)
{
    struct err err = ERR_INIT;
    if (seat->next == NULL) {
        conclude(seat, &seat->not_started);
    } else if (policy_trouble(seat->next)[0] != '\0') {
        err_set(&err, ERR_INVALID, "%s", policy_trouble(seat->next));
        conclude(seat, &err);
    } else if (policy_is_ready(seat->next)) {
        conclude(seat, NULL);
    } else if (clock_mono_us() > seat->until_us) {
        err_set(&err, ERR_TIMEOUT, "its cell was not ready in time");
        conclude(seat, &err);
    }
}

static bool end_idle(struct policy_seat *seat)
{
    bool some = false;
    for (size_t i = 0; i < LEAVING_MOST; i++) {
        if (seat->leaving[i] == NULL)
            continue;
        if (policy_is_idle(seat->leaving[i]))
            policy_destroy(&seat->leaving[i]);
        else
            some = true;
    }
    return some;
}

static void on_timer(void *arg)
{
    struct policy_seat *seat = arg;
    if (seat->until_us != 0)
        look_at_next(seat);
    bool more = end_idle(seat);
    if (more || seat->until_us != 0)
        loop_timer_set(seat->timer, LOOK_EVERY_MS);
}

/* ---- changing ---- */

void policy_seat_prepare(struct policy_seat *seat, struct policy_image *image,
                         void (*done)(void *arg, bool ok, const struct err *err),
                         void *arg)
{
    assert(seat->next == NULL && seat->until_us == 0);
    seat->done = done;
    seat->arg = arg;
    seat->not_started = (struct err)ERR_INIT;
    seat->next = start(seat, image, &seat->not_started);
    seat->until_us = clock_mono_us() +
                     settings_int(seat->settings, SET_CELL_SPAWN_MS) * INT64_C(1000);
    loop_timer_set(seat->timer, 0);
}

/* With no place left the one that waited longest ends, its questions with it. */
static void let_leave(struct policy_seat *seat, struct policy *old)
{
    policy_destroy(&seat->leaving[LEAVING_MOST - 1]);
    for (size_t i = LEAVING_MOST - 1; i > 0; i--)
        seat->leaving[i] = seat->leaving[i - 1];
    seat->leaving[0] = old;
    loop_timer_set(seat->timer, 0);
}

void policy_seat_take(struct policy_seat *seat)
{
    assert(seat->next != NULL && seat->until_us == 0);
    struct policy *old = seat->now;
    seat->now = seat->next;
    seat->next = NULL;
    let_leave(seat, old);
}

void policy_seat_leave(struct policy_seat *seat)
{
    assert(seat->until_us == 0);
    policy_destroy(&seat->next);
}

struct policy *policy_seat_now(struct policy_seat *seat)
{
    return seat->now;
}

/* ---- life ---- */

struct policy_seat *policy_seat_create(struct loop *loop,
                                       const struct settings *settings,
                                       struct policy_image *image, struct err *err)
{
    struct policy_seat *seat = calloc(1, sizeof *seat);
    if (seat == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for a policy");
        return NULL;
    }
    seat->loop = loop;
    seat->settings = settings;
    seat->timer = loop_timer_create(loop, on_timer, seat);
    if (seat->timer == NULL)
        err_set(err, ERR_UNAVAILABLE, "no memory for a policy's timer");
    else
        seat->now = start(seat, image, err);
    if (seat->now == NULL)
        policy_seat_destroy(&seat);
    return seat;
}

void policy_seat_destroy(struct policy_seat **seat)
{
    struct policy_seat *gone = *seat;
    if (gone == NULL)
        return;
    for (size_t i = 0; i < LEAVING_MOST; i++)
        policy_destroy(&gone->leaving[i]);
    policy_destroy(&gone->next);
    policy_destroy(&gone->now);
    loop_timer_destroy(&gone->timer);
    free(gone);
    *seat = NULL;
}
