/* cell_try: a cell with a loop of its own, for one call. */
#include <stddef.h>

#include "cell/cell.h"

struct attempt {
    struct loop *loop;
    struct buf *description, *reply;
    struct err *err;
    enum wire_kind kind;
    enum cell_end end;
    bool is_ready, is_over;
};

static void end_attempt(struct attempt *attempt, enum cell_end end)
{
    attempt->end = end;
    attempt->is_over = true;
    loop_stop(attempt->loop);
}

static void on_ready(void *arg, struct slice description)
{
    struct attempt *attempt = arg;
    attempt->is_ready = true;
    buf_clear(attempt->description);
    buf_add_slice(attempt->description, description);
    if (attempt->kind == 0)
        end_attempt(attempt, CELL_ANSWERED);
}

static void on_died(void *arg, enum cell_end why, const char *reason)
{
    struct attempt *attempt = arg;
    if (attempt->is_over)
        return;
    err_set(attempt->err, ERR_UNAVAILABLE, "%s", reason);
    end_attempt(attempt, why);
}

static void on_done(void *arg, enum cell_end end, struct slice reply)
{
    struct attempt *attempt = arg;
    if (attempt->is_over)
        return;
    buf_clear(attempt->reply);
    buf_add_slice(attempt->reply, reply);
    end_attempt(attempt, end);
}

bool cell_try(const struct cell_program *program, const struct cell_limits *limits,
              enum wire_kind kind, struct slice payload, enum cell_end *ret_end,
              struct buf *ret_description, struct buf *ret_reply, struct err *err)
{
    struct attempt attempt = {
        .description = ret_description, .reply = ret_reply, .err = err, .kind = kind
    };
    const struct cell_watch watch = { .ready = on_ready,
                                      .died = on_died,
                                      .arg = &attempt };
    struct cell_limits once = *limits;
    once.deaths = 1;
    once.deaths_window_ms = once.spawn_ms + once.wall_ms;
    attempt.loop = loop_create(err);
    if (attempt.loop == NULL)
        return false;
    struct cell *cell = cell_create(attempt.loop, program, &once, &watch, err);
    if (cell != NULL) {
        if (kind != 0)
            cell_call(cell, kind, payload, on_done, &attempt);
        loop_run(attempt.loop);
        *ret_end = attempt.end;
    }
    bool carried_out = cell != NULL && attempt.is_ready && buf_ok(ret_reply);
    cell_destroy(&cell);
    loop_destroy(&attempt.loop);
    return carried_out;
}
