#include "api/waiters.h"

#include <stdlib.h>
#include <string.h>

#include "api/worker.h"
#include "base/clock.h"
#include "loop/loop.h"
#include "order/order_state.h"

struct waiter {
    struct waiter *next, **at; /* at: the pointer that points here. */
    struct waiters *waiters;
    struct call *call;
    const char *order_id;
    int64_t until_us;
    bool gone;
    void (*done)(struct call *call, bool ended);
};

struct waiters {
    struct worker *worker;
    struct loop_timer *timer;
    struct waiter *first; /* List of struct waiter by next. */
};

struct peek {
    const struct waiter *waiter;
    bool ended;
};

static bool peek(struct db *db, void *arg, struct err *err)
{
    struct peek *peek = arg;
    enum order_state state;
    int64_t version;
    if (!order_peek(db, peek->waiter->call->tenant, peek->waiter->order_id, &state,
                    &version, err))
        return false;
    peek->ended = order_state_is_final(state) || state == ORDER_HELD;
    return true;
}

static bool has_ended(const struct waiter *waiter)
{
    struct peek look = { .waiter = waiter };
    struct err err = ERR_INIT;
    return store_read(waiter->waiters->worker->reader, peek, &look, &err) && look.ended;
}

static void settle(struct waiter *waiter, bool ended)
{
    *waiter->at = waiter->next;
    if (waiter->next != NULL)
        waiter->next->at = waiter->at;
    waiter->waiters->worker->listeners--;
    waiter->done(waiter->call, ended);
}

static void look(struct waiters *waiters, bool at_orders)
{
    int64_t now_us = clock_mono_us();
    struct waiter *next;
    for (struct waiter *at = waiters->first; at != NULL; at = next) {
        next = at->next;
        if (at_orders && !at->gone && has_ended(at))
            settle(at, true);
        else if (at->gone || now_us >= at->until_us)
            settle(at, false);
    }
}

/* For the deadline that passes first. */
static void set_timer(struct waiters *waiters)
{
    int64_t first_us = INT64_MAX, now_us = clock_mono_us();
    for (const struct waiter *at = waiters->first; at != NULL; at = at->next)
        if (at->until_us < first_us)
            first_us = at->until_us;
    if (waiters->first != NULL)
        loop_timer_set(waiters->timer,
                       first_us <= now_us ? 0 : (first_us - now_us + 999) / 1000);
}

static void on_timer(void *arg)
{
    struct waiters *waiters = arg;
    look(waiters, false);
    set_timer(waiters);
}

struct waiters *waiters_create(struct worker *worker)
{
    struct waiters *waiters = calloc(1, sizeof *waiters);
    if (waiters == NULL)
        return NULL;
    waiters->worker = worker;
    waiters->timer = loop_timer_create(worker->loop, on_timer, waiters);
    if (waiters->timer == NULL)
        waiters_destroy(&waiters);
    return waiters;
}

void waiters_destroy(struct waiters **waiters)
{
    if (*waiters == NULL)
        return;
    loop_timer_destroy(&(*waiters)->timer);
    free(*waiters);
    *waiters = NULL;
}

static void on_gone(void *arg)
{
    struct waiter *waiter = arg;
    waiter->gone = true;
    loop_timer_set(waiter->waiters->timer, 0);
}

void waiters_add(struct waiters *waiters, struct call *call, const char *order_id,
                 int64_t wait_ms, void (*done)(struct call *call, bool ended))
{
    struct waiter *waiter = arena_alloc(call->arena, sizeof *waiter);
    if (waiter == NULL || waiters->worker->shared->stopping) {
        done(call, false);
        return;
    }
    *waiter = (struct waiter){ .next = waiters->first,
                               .at = &waiters->first,
                               .waiters = waiters,
                               .call = call,
                               .order_id = order_id,
                               .until_us = clock_mono_us() + wait_ms * 1000,
                               .done = done };
    if (waiters->first != NULL)
        waiters->first->at = &waiter->next;
    waiters->first = waiter;
    waiters->worker->listeners++;
    http_exchange_on_gone(call->exchange, on_gone, waiter);
    set_timer(waiters);
    /* It may have ended between the commit and now. */
    if (has_ended(waiter))
        settle(waiter, true);
}

void waiters_look(struct waiters *waiters)
{
    look(waiters, true);
}

void waiters_end(struct waiters *waiters)
{
    while (waiters->first != NULL)
        settle(waiters->first, false);
}

int64_t waiters_asked_ms(const struct call *call)
{
    const char *prefer = call_header(call, "Prefer");
    const char *found = prefer == NULL ? NULL : strstr(prefer, "wait=");
    if (found == NULL)
        return 0;
    struct slice digits = slice_of(found + strlen("wait="));
    digits.size = strspn(digits.ptr, "0123456789");
    uint64_t seconds;
    int64_t most = settings_int(call->worker->shared->parts.settings, SET_HTTP_WAIT_S);
    if (!slice_u64(digits, &seconds))
        return 0;
    return (seconds > (uint64_t)most ? most : (int64_t)seconds) * 1000;
}
