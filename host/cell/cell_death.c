/* What a cell's death means, and the deadlines that bring it about. */
#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/metric.h"
#include "cell/cell_inner.h"

static struct metric deaths_total = {
    .kind = METRIC_COUNTER,
    .name = "esim_cell_deaths_total",
    .help = "Processes of cells that died, by cell and reason.",
    .label = "cell",
    .label2 = "why",
};

static void set_health(struct cell *cell, bool healthy)
{
    if (cell->healthy == healthy)
        return;
    cell->healthy = healthy;
    if (cell->watch.health != NULL)
        cell->watch.health(cell->watch.arg, healthy, cell->reason);
}

/* What a death means for everybody but the call that was being answered. */
static void after_death(struct cell *cell, enum cell_end why)
{
    loop_timer_stop(cell->stay);
    deaths_note(&cell->deaths, clock_mono_us());
    metric_count(&deaths_total, cell->program.name, cell_end_name(why));
    queue_rewind(&cell->queue);
    if (cell->watch.died != NULL)
        cell->watch.died(cell->watch.arg, why, cell->reason);
    if (deaths_too_many(&cell->deaths, clock_mono_us()))
        set_health(cell, false);
    if (!cell->healthy)
        cell_end_calls(cell, cell->reason);
    if (!cell->doomed)
        loop_timer_set(cell->respawn,
                       deaths_backoff_ms(&cell->deaths, cell->limits.backoff_ms,
                                         cell->limits.backoff_most_ms));
}

/* The process is no more, or shall be no more: `words` say why. */
void cell_die(struct cell *cell, enum cell_end why, const char *words)
{
    bool was_asked = cell->ready && queue_is_begun(&cell->queue);
    cell->ready = false;
    int length = cell->denied[0] == '\0'
                     ? snprintf(cell->reason, sizeof cell->reason, "%.120s", words)
                     : snprintf(cell->reason, sizeof cell->reason,
                                "%.100s; refused system call: %s", words, cell->denied);
    assert(length >= 0);
    if (cell->process != NULL) {
        process_kill(cell->process);
        process_destroy(&cell->dying, CELL_REAP_MS);
        cell->dying = cell->process;
        cell->process = NULL;
    }
    struct call *head = was_asked ? queue_take(&cell->queue) : NULL;
    if (head != NULL)
        cell_finish_call(head, why, slice_of(cell->reason));
    after_death(cell, why);
}

void cell_on_gone(void *arg, const char *words)
{
    struct cell *cell = arg;
    cell->depth++;
    cell_die(cell, CELL_CRASHED, words);
    cell->depth--;
}

void cell_on_respawn(void *arg)
{
    struct cell *cell = arg;
    struct err err = ERR_INIT;
    cell->depth++;
    if (!cell->doomed && cell->process == NULL && !cell_start_process(cell, &err))
        cell_die(cell, CELL_CRASHED, err.text);
    cell->depth--;
}

void cell_on_stay(void *arg)
{
    struct cell *cell = arg;
    cell->depth++;
    cell->reason[0] = '\0';
    set_health(cell, true);
    cell->depth--;
}

/* ---- deadlines ---- */

void cell_start_ticking(struct cell *cell)
{
    if (cell->ticking)
        return;
    int64_t shorter = cell->limits.cpu_ms < cell->limits.wall_ms ? cell->limits.cpu_ms
                                                                 : cell->limits.wall_ms;
    cell->ticking = true;
    loop_timer_set(cell->tick, shorter < 8 ? 1 : shorter / 8);
}

static void check_spawn(struct cell *cell)
{
    char words[CELL_REASON_SIZE];
    if (cell_real_us() - cell->spawned_at_us < cell->limits.spawn_ms * 1000)
        return;
    int length = snprintf(words, sizeof words, "not ready within %lld ms",
                          (long long)cell->limits.spawn_ms);
    cell_die(cell, CELL_HUNG, length < 0 ? "not ready in time" : words);
}

/* CPU is looked at from tick to tick, so that a call costs no system call for it: a call
 * may use up to one tick more than its limit. */
static void check_head(struct cell *cell)
{
    char words[CELL_REASON_SIZE];
    int64_t cpu_us = process_cpu_us(cell->process);
    if (cell->seen_head != cell->queue.head->number) {
        cell->seen_head = cell->queue.head->number;
        cell->seen_cpu_us = cpu_us;
    }
    bool cpu_over = cpu_us - cell->seen_cpu_us >= cell->limits.cpu_ms * 1000;
    bool wall_over = cell_real_us() - cell->head_since_us >=
                     cell->limits.wall_ms * 1000;
    if (!cpu_over && !wall_over)
        return;
    int length = snprintf(
        words, sizeof words, "no answer within %lld ms of %s",
        (long long)(cpu_over ? cell->limits.cpu_ms : cell->limits.wall_ms),
        cpu_over ? "computing" : "waiting");
    cell_die(cell, CELL_HUNG, length < 0 ? "no answer in time" : words);
}

void cell_on_tick(void *arg)
{
    struct cell *cell = arg;
    cell->depth++;
    cell->ticking = false;
    if (cell->process != NULL && !cell->ready)
        check_spawn(cell);
    else if (cell->process != NULL && queue_is_begun(&cell->queue))
        check_head(cell);
    if (cell->process != NULL && (!cell->ready || queue_is_begun(&cell->queue)))
        cell_start_ticking(cell);
    cell->depth--;
}
