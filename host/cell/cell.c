/* The cell's head: which call is being answered, for how long, and what a death means.
 * Bytes and processes are process.c's, the order of calls is queue.c's. */
#include "cell/cell.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/metric.h"
#include "cell/deaths.h"
#include "cell/process.h"
#include "cell/queue.h"

enum {
    WINDOW_BYTES = 256 << 10, /* Sent ahead of the call being answered. */
    WINDOW_CALLS = 64,
    PARTS_MAX = 64,
    READY_BYTES_MAX = 64 << 10,
    TEXT_BYTES_MAX = 4096,
    CHATTER_MAX = 10000, /* Frames that are no answer, in one call. */
    REAP_MS = 2000,
    NAME_SIZE = 32,
    REASON_SIZE = 160
};

/* A call that was not even queued; its `done` is called in the next turn. */
struct refusal {
    struct refusal *next;
    cell_done done; /* NULL: forgotten. */
    void *arg;
    uint64_t number;
    const char *why;
};

struct cell {
    struct loop *loop;
    struct cell_program program;
    struct cell_limits limits;
    struct cell_watch watch;

    struct process *process; /* NULL while none runs. */
    struct process *dying; /* The last one killed; freed before the next is started. */
    bool ready, healthy, flushing, ticking;
    int64_t spawned_at_us, spawn_us;
    char denied[NAME_SIZE]; /* The call refused last. */
    char reason[REASON_SIZE];

    struct queue queue;
    struct refusal *refusals, **last_refusal;
    uint64_t last_call, calls;
    int64_t head_since_us; /* Since when the head is being answered. */
    uint64_t seen_head;    /* The head at the last tick, and the CPU time then. */
    int64_t seen_cpu_us;
    unsigned chatter; /* Frames of the present call that are no answer. */
    struct deaths deaths;

    struct loop_timer *respawn, *tick, *stay;
    struct event *flush;
    unsigned depth; /* Callbacks of ours being run now. */
    bool doomed;    /* Destroyed by one of them: freed in the next turn. */
};

static struct metric deaths_total = {
    .kind = METRIC_COUNTER,
    .name = "esim_cell_deaths_total",
    .help = "Processes of cells that died, by cell and reason.",
    .label = "cell",
    .label2 = "why",
};
static struct metric spawn_seconds = {
    .kind = METRIC_HISTOGRAM,
    .name = "esim_cell_spawn_seconds",
    .help = "From starting a cell's process until it is ready.",
    .label = "cell",
};

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
static int64_t real_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void spawn_process(struct cell *cell);
static void free_cell(struct cell *cell);

/* ---- sending ---- */

static void start_ticking(struct cell *cell)
{
    if (cell->ticking)
        return;
    int64_t shorter = cell->limits.cpu_ms < cell->limits.wall_ms ? cell->limits.cpu_ms
                                                                 : cell->limits.wall_ms;
    cell->ticking = true;
    loop_timer_set(cell->tick, shorter < 8 ? 1 : shorter / 8);
}

static void head_begins(struct cell *cell)
{
    cell->head_since_us = real_us();
    cell->chatter = 0;
    start_ticking(cell);
}

static void send_calls(struct cell *cell)
{
    struct iovec parts[PARTS_MAX];
    if (!cell->ready || cell->doomed)
        return;
    bool was_idle = cell->queue.sent == 0;
    int count = queue_parts(&cell->queue, WINDOW_BYTES, WINDOW_CALLS, parts, PARTS_MAX);
    if (count == 0)
        return;
    if (was_idle)
        head_begins(cell);
    queue_wrote(&cell->queue, process_write(cell->process, parts, count));
}

static void finish(struct call *call, enum cell_end end, struct slice reply)
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
    send_calls(cell);
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
static void end_all(struct cell *cell, const char *why)
{
    for (size_t left = cell->queue.count; left > 0; left--) {
        struct call *call = queue_take(&cell->queue);
        if (call == NULL)
            return; /* The others were ended by a callback that destroyed the cell. */
        finish(call, CELL_DOWN, slice_of(why));
    }
}

/* ---- death ---- */

static void set_health(struct cell *cell, bool healthy)
{
    if (cell->healthy == healthy)
        return;
    cell->healthy = healthy;
    if (cell->watch.health != NULL)
        cell->watch.health(cell->watch.arg, healthy, cell->reason);
}

static void on_respawn(void *arg)
{
    struct cell *cell = arg;
    cell->depth++;
    spawn_process(cell);
    cell->depth--;
}

/* What a death means for everybody but the call that was being answered. */
static void after_death(struct cell *cell, enum cell_end why)
{
    cell->ready = false;
    loop_timer_stop(cell->stay);
    deaths_note(&cell->deaths, clock_mono_us());
    metric_count(&deaths_total, cell->program.name, cell_end_name(why));
    queue_rewind(&cell->queue);
    if (cell->watch.died != NULL)
        cell->watch.died(cell->watch.arg, why, cell->reason);
    if (deaths_too_many(&cell->deaths, clock_mono_us()))
        set_health(cell, false);
    if (!cell->healthy)
        end_all(cell, cell->reason);
    if (!cell->doomed)
        loop_timer_set(cell->respawn,
                       deaths_backoff_ms(&cell->deaths, cell->limits.backoff_ms,
                                         cell->limits.backoff_most_ms));
}

/* The process is no more, or shall be no more: `words` say why. */
static void die(struct cell *cell, enum cell_end why, const char *words)
{
    bool was_asked = cell->ready && cell->queue.sent > 0;
    int length = cell->denied[0] == '\0'
                     ? snprintf(cell->reason, sizeof cell->reason, "%.120s", words)
                     : snprintf(cell->reason, sizeof cell->reason,
                                "%.100s; refused system call: %s", words, cell->denied);
    assert(length >= 0);
    if (cell->process != NULL) {
        process_kill(cell->process);
        process_destroy(&cell->dying, REAP_MS);
        cell->dying = cell->process;
        cell->process = NULL;
    }
    struct call *head = was_asked ? queue_take(&cell->queue) : NULL;
    if (head != NULL)
        finish(head, why, slice_of(cell->reason));
    after_death(cell, why);
}

/* ---- what the process says ---- */

static size_t most_bytes(const struct cell *cell, uint32_t kind)
{
    switch (kind) {
    case WIRE_ANSWER:
        return cell->limits.output_bytes;
    case WIRE_READY:
        return READY_BYTES_MAX;
    default:
        return TEXT_BYTES_MAX;
    }
}

/* Which kinds may come now. */
static bool is_expected(const struct cell *cell, const struct wire_head *head)
{
    const struct call *asked = cell->queue.sent > 0 ? cell->queue.head : NULL;
    switch (head->kind) {
    case WIRE_READY:
    case WIRE_FAILED:
        return !cell->ready && head->call == 0;
    case WIRE_LOG:
    case WIRE_DENIED:
        return !cell->ready || (asked != NULL && head->call == asked->number);
    case WIRE_ANSWER:
    case WIRE_ERROR:
        return cell->ready && asked != NULL && head->call == asked->number;
    default:
        return false;
    }
}

static bool on_head(void *arg, const struct wire_head *head)
{
    struct cell *cell = arg;
    char words[REASON_SIZE];
    if (!is_expected(cell, head)) {
        die(cell, CELL_GARBAGE, "it wrote bytes that are no answer to its call");
        return false;
    }
    if (head->size <= most_bytes(cell, head->kind))
        return true;
    int length = snprintf(words, sizeof words,
                          "its answer has %u bytes, %zu are allowed", head->size,
                          most_bytes(cell, head->kind));
    die(cell, CELL_OVERSIZED, length < 0 ? "its answer is too large" : words);
    return false;
}

static void on_stay(void *arg)
{
    struct cell *cell = arg;
    cell->depth++;
    cell->reason[0] = '\0';
    set_health(cell, true);
    cell->depth--;
}

static void on_ready(struct cell *cell, struct slice description)
{
    cell->ready = true;
    cell->spawn_us = real_us() - cell->spawned_at_us;
    metric_observe_us(metric_series(&spawn_seconds, cell->program.name, NULL),
                      cell->spawn_us);
    if (!cell->healthy)
        loop_timer_set(cell->stay, cell->limits.backoff_most_ms);
    if (cell->watch.ready != NULL)
        cell->watch.ready(cell->watch.arg, description);
}

static void on_failed(struct cell *cell, struct slice reason)
{
    char words[REASON_SIZE];
    int length = snprintf(words, sizeof words, "cannot start: %.*s", (int)reason.size,
                          reason.ptr);
    die(cell, CELL_CRASHED, length < 0 ? "cannot start" : words);
}

static void on_answer(struct cell *cell, enum cell_end end, struct slice reply)
{
    struct call *call = queue_take(&cell->queue);
    cell->calls++;
    cell->deaths.in_row = 0;
    if (cell->queue.sent > 0)
        head_begins(cell);
    finish(call, end, reply);
}

/* A program that only ever logs keeps the host busy: that is bounded too. */
static void on_chatter(struct cell *cell, uint64_t call, uint32_t level,
                       struct slice text)
{
    if (++cell->chatter > CHATTER_MAX)
        die(cell, CELL_GARBAGE, "it writes log lines without end");
    else if (cell->watch.log != NULL)
        cell->watch.log(cell->watch.arg, call, level, text);
}

static void on_log(struct cell *cell, uint64_t call, struct slice payload)
{
    struct wire_reader reader = wire_reader_of(payload);
    uint32_t level = wire_u32(&reader);
    struct slice text = wire_bytes(&reader);
    if (wire_done(&reader))
        on_chatter(cell, call, level, text);
    else
        die(cell, CELL_GARBAGE, "it wrote a broken log line");
}

static void on_denied(struct cell *cell, uint64_t call, struct slice name)
{
    char text[96];
    size_t length = name.size < NAME_SIZE - 1 ? name.size : NAME_SIZE - 1;
    for (size_t i = 0; i < length; i++)
        cell->denied[i] = name.ptr[i] > ' ' && name.ptr[i] < 127 ? name.ptr[i] : '?';
    cell->denied[length] = '\0';
    int size = snprintf(text, sizeof text, "refused system call: %s", cell->denied);
    on_chatter(cell, call, 2, slice_bytes(text, size < 0 ? 0 : (size_t)size));
}

static void on_frame(void *arg, const struct wire_head *head, struct slice payload)
{
    struct cell *cell = arg;
    cell->depth++;
    switch (head->kind) {
    case WIRE_READY:
        on_ready(cell, payload);
        break;
    case WIRE_FAILED:
        on_failed(cell, payload);
        break;
    case WIRE_LOG:
        on_log(cell, head->call, payload);
        break;
    case WIRE_DENIED:
        on_denied(cell, head->call, payload);
        break;
    default:
        on_answer(cell, head->kind == WIRE_ANSWER ? CELL_ANSWERED : CELL_ERROR,
                  payload);
    }
    cell->depth--;
}

static void on_idle(void *arg)
{
    struct cell *cell = arg;
    cell->depth++;
    send_calls(cell);
    cell->depth--;
}

static void on_gone(void *arg, const char *words)
{
    struct cell *cell = arg;
    cell->depth++;
    die(cell, CELL_CRASHED, words);
    cell->depth--;
}

/* ---- deadlines ---- */

static void check_spawn(struct cell *cell)
{
    char words[REASON_SIZE];
    if (real_us() - cell->spawned_at_us < cell->limits.spawn_ms * 1000)
        return;
    int length = snprintf(words, sizeof words, "not ready within %lld ms",
                          (long long)cell->limits.spawn_ms);
    die(cell, CELL_HUNG, length < 0 ? "not ready in time" : words);
}

/* CPU is looked at from tick to tick, so that a call costs no system call for it: a call
 * may use up to one tick more than its limit. */
static void check_head(struct cell *cell)
{
    char words[REASON_SIZE];
    int64_t cpu_us = process_cpu_us(cell->process);
    if (cell->seen_head != cell->queue.head->number) {
        cell->seen_head = cell->queue.head->number;
        cell->seen_cpu_us = cpu_us;
    }
    bool cpu_over = cpu_us - cell->seen_cpu_us >= cell->limits.cpu_ms * 1000;
    bool wall_over = real_us() - cell->head_since_us >= cell->limits.wall_ms * 1000;
    if (!cpu_over && !wall_over)
        return;
    int length = snprintf(
        words, sizeof words, "no answer within %lld ms of %s",
        (long long)(cpu_over ? cell->limits.cpu_ms : cell->limits.wall_ms),
        cpu_over ? "computing" : "waiting");
    die(cell, CELL_HUNG, length < 0 ? "no answer in time" : words);
}

static void on_tick(void *arg)
{
    struct cell *cell = arg;
    cell->depth++;
    cell->ticking = false;
    if (cell->process != NULL && !cell->ready)
        check_spawn(cell);
    else if (cell->process != NULL && cell->queue.sent > 0)
        check_head(cell);
    if (cell->process != NULL && (!cell->ready || cell->queue.sent > 0))
        start_ticking(cell);
    cell->depth--;
}

/* ---- life ---- */

static bool start_process(struct cell *cell, struct err *err)
{
    const struct process_events events = {
        .head = on_head,
        .frame = on_frame,
        .writable = on_idle,
        .gone = on_gone,
        .idle = on_idle,
        .arg = cell,
    };
    process_destroy(&cell->dying, REAP_MS);
    cell->denied[0] = '\0';
    cell->seen_head = 0;
    cell->spawned_at_us = real_us();
    cell->process = process_create(cell->loop, &cell->program,
                                   cell->limits.memory_bytes, &events, err);
    if (cell->process == NULL)
        return false;
    start_ticking(cell);
    return true;
}

static void spawn_process(struct cell *cell)
{
    struct err err = ERR_INIT;
    if (!cell->doomed && cell->process == NULL && !start_process(cell, &err))
        die(cell, CELL_CRASHED, err.text);
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
    cell->respawn = loop_timer_create(cell->loop, on_respawn, cell);
    cell->tick = loop_timer_create(cell->loop, on_tick, cell);
    cell->stay = loop_timer_create(cell->loop, on_stay, cell);
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
        err_set(err, ERR_LIMIT, "no memory for a cell");
        return NULL;
    }
    cell->loop = loop;
    cell->limits = *limits;
    cell->watch = watch == NULL ? (struct cell_watch){ .arg = NULL } : *watch;
    cell->healthy = true;
    queue_init(&cell->queue);
    cell->last_refusal = &cell->refusals;
    if (!make_parts(cell, program)) {
        err_set(err, ERR_LIMIT, "no memory for a cell");
        free_cell(cell);
        return NULL;
    }
    if (!start_process(cell, err)) {
        free_cell(cell);
        return NULL;
    }
    return cell;
}

static void free_cell(struct cell *cell)
{
    process_destroy(&cell->process, REAP_MS);
    process_destroy(&cell->dying, REAP_MS);
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
    end_all(gone, "the cell is stopping");
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
