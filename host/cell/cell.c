/* The cell's head: which call is being answered, and what may be sent ahead of it. Bytes
 * and processes are process.c's, the order of calls is queue.c's. */
#include "cell/cell.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cell/cell_inner.h"

enum {
    WINDOW_BYTES = 256 << 10, /* Sent ahead of the call being answered. */
    WINDOW_CALLS = 64,
    PARTS_MAX = 64
};

static void free_cell(struct cell *cell);

const char *cell_end_name(enum cell_end end)
{
    static const char *const names[CELL_END_COUNT] = {
        [CELL_ANSWERED] = "answered", [CELL_ERROR] = "error",
        [CELL_CRASHED] = "crashed",   [CELL_HUNG] = "hung",
        [CELL_GARBAGE] = "garbage",   [CELL_OVERSIZED] = "oversized",
        [CELL_DOWN] = "down",
    };
    assert(end >= 0 && end < CELL_END_COUNT);
    return names[end];
}

/* Real time, also where a test sets the host's clocks: the process runs in it. */
int64_t cell_real_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- sending ---- */

void cell_head_begins(struct cell *cell)
{
    cell->head_since_us = cell_real_us();
    cell->chatter = 0;
    cell_start_ticking(cell);
}

void cell_send(struct cell *cell)
{
    struct iovec parts[PARTS_MAX];
    if (!cell->ready || cell->doomed)
        return;
    bool was_idle = !queue_is_begun(&cell->queue);
    int count = queue_parts(&cell->queue, WINDOW_BYTES, WINDOW_CALLS, parts, PARTS_MAX);
    if (count == 0)
        return;
    if (was_idle)
        cell_head_begins(cell);
    queue_wrote(&cell->queue, process_write(cell->process, parts, count));
}

void cell_finish_call(struct call *call, enum cell_end end, struct slice reply)
{
    if (call->done != NULL)
        call->done(call->arg, end, reply);
    free(call);
}

static void end_refusals(struct cell *cell)
{
    while (cell->refusals != NULL) {
        struct refusal *refusal = cell->refusals;
        cell->refusals = refusal->next;
        if (cell->refusals == NULL)
            cell->last_refusal = &cell->refusals;
        if (refusal->done != NULL)
            refusal->done(refusal->arg, CELL_DOWN, slice_of(refusal->why));
        free(refusal);
    }
}

static void on_flush(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct cell *cell = arg;
    if (cell->doomed) {
        free_cell(cell);
        return;
    }
    cell->depth++;
    cell->flushing = false;
    end_refusals(cell);
    cell_send(cell);
    cell->depth--;
}

static void flush_soon(struct cell *cell)
{
    if (cell->flushing)
        return;
    cell->flushing = true;
    event_active(cell->flush, EV_WRITE, 0);
}

/* Those that are there now; what they ask for anew comes behind. */
void cell_end_calls(struct cell *cell, const char *why)
{
    for (size_t left = cell->queue.count; left > 0; left--) {
        struct call *call = queue_take(&cell->queue);
        if (call == NULL)
            return; /* The others were ended by a callback that destroyed the cell. */
        cell_finish_call(call, CELL_DOWN, slice_of(why));
    }
}

/* ---- life ---- */

static void on_idle(void *arg)
{
    struct cell *cell = arg;
    cell->depth++;
    cell_send(cell);
    cell->depth--;
}

bool cell_start_process(struct cell *cell, struct err *err)
{
    const struct process_events events = {
        .head = cell_on_head,
        .frame = cell_on_frame,
        .writable = on_idle,
        .gone = cell_on_gone,
        .idle = on_idle,
        .arg = cell,
    };
    process_destroy(&cell->dying, CELL_REAP_MS);
    cell->denied[0] = '\0';
    cell->seen_head = 0;
    cell->spawned_at_us = cell_real_us();
    cell->process = process_create(cell->loop, &cell->program,
                                   cell->limits.memory_bytes, &events, err);
    if (cell->process == NULL)
        return false;
    cell_start_ticking(cell);
    return true;
}

/* The name and the path outlive their caller; files and arguments are borrowed. */
static bool copy_program(struct cell *cell, const struct cell_program *program)
{
    cell->program = *program;
    cell->program.path = strdup(program->path);
    cell->program.name = strdup(program->name);
    return cell->program.path != NULL && cell->program.name != NULL;
}

static bool make_parts(struct cell *cell, const struct cell_program *program)
{
    bool copied = copy_program(cell, program);
    cell->respawn = loop_timer_create(cell->loop, cell_on_respawn, cell);
    cell->tick = loop_timer_create(cell->loop, cell_on_tick, cell);
    cell->stay = loop_timer_create(cell->loop, cell_on_stay, cell);
    cell->flush = event_new(loop_base(cell->loop), -1, EV_PERSIST, on_flush, cell);
    return copied && cell->respawn != NULL && cell->tick != NULL &&
           cell->stay != NULL && cell->flush != NULL &&
           deaths_init(&cell->deaths, cell->limits.deaths,
                       cell->limits.deaths_window_ms);
}

struct cell *cell_create(struct loop *loop, const struct cell_program *program,
                         const struct cell_limits *limits,
                         const struct cell_watch *watch, struct err *err)
{
    assert(loop != NULL && program != NULL && limits != NULL);
    struct cell *cell = calloc(1, sizeof *cell);
    if (cell == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for a cell");
        return NULL;
    }
    cell->loop = loop;
    cell->limits = *limits;
    cell->watch = watch == NULL ? (struct cell_watch){ .arg = NULL } : *watch;
    cell->healthy = true;
    queue_init(&cell->queue);
    cell->last_refusal = &cell->refusals;
    if (!make_parts(cell, program)) {
        err_set(err, ERR_UNAVAILABLE, "no memory for a cell");
        free_cell(cell);
        return NULL;
    }
    if (!cell_start_process(cell, err)) {
        free_cell(cell);
        return NULL;
    }
    return cell;
}

static void free_cell(struct cell *cell)
{
    process_destroy(&cell->process, CELL_REAP_MS);
    process_destroy(&cell->dying, CELL_REAP_MS);
    loop_timer_destroy(&cell->respawn);
    loop_timer_destroy(&cell->tick);
    loop_timer_destroy(&cell->stay);
    if (cell->flush != NULL)
        event_free(cell->flush);
    deaths_finish(&cell->deaths);
    free((void *)(uintptr_t)cell->program.path);
    free((void *)(uintptr_t)cell->program.name);
    free(cell);
}

void cell_destroy(struct cell **cell)
{
    struct cell *gone = *cell;
    if (gone == NULL)
        return;
    *cell = NULL;
    if (gone->doomed)
        return;
    gone->doomed = true; /* From here on cell_call takes nothing. */
    gone->ready = false;
    if (gone->process != NULL)
        process_kill(gone->process);
    gone->depth++;
    cell_end_calls(gone, "the cell is stopping");
    end_refusals(gone);
    if (--gone->depth > 0)
        event_active(gone->flush, EV_WRITE, 0);
    else
        free_cell(gone);
}

/* ---- calls ---- */

static bool refuse(struct cell *cell, cell_done done, void *arg, uint64_t number)
{
    struct refusal *refusal = malloc(sizeof *refusal);
    if (refusal == NULL)
        return false;
    *refusal = (struct refusal){
        .done = done,
        .arg = arg,
        .number = number,
        .why = cell->healthy ? "too many calls are waiting" : "the cell is unhealthy",
    };
    *cell->last_refusal = refusal;
    cell->last_refusal = &refusal->next;
    return true;
}

uint64_t cell_call(struct cell *cell, enum wire_kind kind, struct slice payload,
                   cell_done done, void *arg)
{
    assert(loop_is_here(cell->loop) && done != NULL);
    uint64_t number = cell->last_call + 1;
    if (cell->doomed)
        return 0;
    bool takes = cell->healthy && cell->queue.count < cell->limits.queue;
    if (!(takes && queue_add(&cell->queue, kind, number, payload, done, arg) != NULL) &&
        !refuse(cell, done, arg, number))
        return 0;
    cell->last_call = number;
    flush_soon(cell);
    return number;
}

void cell_forget(struct cell *cell, uint64_t call)
{
    queue_forget(&cell->queue, call);
    for (struct refusal *refusal = cell->refusals; refusal != NULL;
         refusal = refusal->next)
        if (refusal->number == call)
            refusal->done = NULL;
}

void cell_read_state(const struct cell *cell, struct cell_state *ret)
{
    *ret = (struct cell_state){
        .pid = cell->process == NULL ? 0 : process_pid(cell->process),
        .ready = cell->ready,
        .healthy = cell->healthy,
        .calls = cell->calls,
        .deaths = cell->deaths.count,
        .in_flight = cell->queue.sent,
        .spawn_us = cell->spawn_us,
    };
    memcpy(ret->reason, cell->reason, sizeof ret->reason);
}
