/* cell_attempt: a cell with a loop of its own, for one call. */
#include <stddef.h>

#include "cell/cell.h"

struct running {
    struct loop *loop;
    struct cell_attempt *attempt;
    struct err *err;
    enum wire_kind kind;
    bool is_ready, is_over;
};

static void end_attempt(struct running *running, enum cell_end end)
{
    running->attempt->end = end;
    running->is_over = true;
    loop_stop(running->loop);
}

static void on_ready(void *arg, struct slice description)
{
    struct running *running = arg;
    running->is_ready = true;
    buf_clear(&running->attempt->description);
    buf_add_slice(&running->attempt->description, description);
    if (running->kind == 0)
        end_attempt(running, CELL_ANSWERED);
}

static void on_died(void *arg, enum cell_end why, const char *reason)
{
    struct running *running = arg;
    if (running->is_over)
        return;
    err_set(running->err, ERR_UNAVAILABLE, "%s", reason);
    end_attempt(running, why);
}

static void on_done(void *arg, enum cell_end end, struct slice reply)
{
    struct running *running = arg;
    if (running->is_over)
        return;
    buf_clear(&running->attempt->reply);
    buf_add_slice(&running->attempt->reply, reply);
    end_attempt(running, end);
}

static void on_log(void *arg, uint64_t call, uint32_t level, struct slice text)
{
    struct running *running = arg;
    (void)call;
    (void)level;
    buf_add_slice(&running->attempt->log, text);
    buf_add_char(&running->attempt->log, '\n');
}

void cell_attempt_init(struct cell_attempt *attempt, size_t limit_bytes)
{
    attempt->end = CELL_DOWN;
    buf_init(&attempt->description, limit_bytes);
    buf_init(&attempt->reply, limit_bytes);
    buf_init(&attempt->log, limit_bytes);
}

void cell_attempt_finish(struct cell_attempt *attempt)
{
    buf_finish(&attempt->description);
    buf_finish(&attempt->reply);
    buf_finish(&attempt->log);
}

bool cell_attempt(const struct cell_program *program, const struct cell_limits *limits,
                  enum wire_kind kind, struct slice payload, struct cell_attempt *ret,
                  struct err *err)
{
    struct running running = { .attempt = ret, .err = err, .kind = kind };
    const struct cell_watch watch = {
        .ready = on_ready, .died = on_died, .log = on_log, .arg = &running
    };
    struct cell_limits once = *limits;
    once.deaths = 1; /* No second start. */
    once.deaths_window_ms = once.spawn_ms + once.wall_ms;
    running.loop = loop_create(err);
    if (running.loop == NULL)
        return false;
    buf_clear(&ret->log);
    struct cell *cell = cell_create(running.loop, program, &once, &watch, err);
    if (cell != NULL) {
        if (kind != 0)
            cell_call(cell, kind, payload, on_done, &running);
        loop_run(running.loop);
    }
    bool carried_out = cell != NULL && running.is_ready && buf_ok(&ret->reply);
    cell_destroy(&cell);
    loop_destroy(&running.loop);
    return carried_out;
}
