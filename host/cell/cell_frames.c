/* What a cell's process says, read as hostile. */
#include <stdio.h>

#include "base/metric.h"
#include "cell/cell_inner.h"

enum {
    READY_BYTES_MAX = 64 << 10,
    TEXT_BYTES_MAX = 4096,
    CHATTER_MAX = 10000, /* Frames that are no answer, in one call. */
    LEVEL_WARN = 2       /* ESIM_LOG_WARN; this file knows nothing of the ABI. */
};

static struct metric spawn_seconds = {
    .kind = METRIC_HISTOGRAM,
    .name = "esim_cell_spawn_seconds",
    .help = "From starting a cell's process until it is ready.",
    .label = "cell",
};

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

bool cell_on_head(void *arg, const struct wire_head *head)
{
    struct cell *cell = arg;
    char words[CELL_REASON_SIZE];
    if (!is_expected(cell, head)) {
        cell_die(cell, CELL_GARBAGE, "it wrote bytes that are no answer to its call");
        return false;
    }
    if (head->size <= most_bytes(cell, head->kind))
        return true;
    int length = snprintf(words, sizeof words,
                          "its answer has %u bytes, %zu are allowed", head->size,
                          most_bytes(cell, head->kind));
    cell_die(cell, CELL_OVERSIZED, length < 0 ? "its answer is too large" : words);
    return false;
}

static void on_ready(struct cell *cell, struct slice description)
{
    cell->ready = true;
    cell->spawn_us = cell_real_us() - cell->spawned_at_us;
    metric_observe_us(metric_series(&spawn_seconds, cell->program.name, NULL),
                      cell->spawn_us);
    if (!cell->healthy)
        loop_timer_set(cell->stay, cell->limits.backoff_most_ms);
    if (cell->watch.ready != NULL)
        cell->watch.ready(cell->watch.arg, description);
}

static void on_failed(struct cell *cell, struct slice reason)
{
    char words[CELL_REASON_SIZE];
    int length = snprintf(words, sizeof words, "cannot start: %.*s", (int)reason.size,
                          reason.ptr);
    cell_die(cell, CELL_CRASHED, length < 0 ? "cannot start" : words);
}

static void on_answer(struct cell *cell, enum cell_end end, struct slice reply)
{
    struct call *call = queue_take(&cell->queue);
    cell->calls++;
    cell->deaths.in_row = 0;
    if (queue_is_begun(&cell->queue))
        cell_head_begins(cell);
    cell_finish_call(call, end, reply);
}

/* A program that only ever logs keeps the host busy: that is bounded too. */
static void on_chatter(struct cell *cell, uint64_t call, uint32_t level,
                       struct slice text)
{
    if (++cell->chatter > CHATTER_MAX)
        cell_die(cell, CELL_GARBAGE, "it writes log lines without end");
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
        cell_die(cell, CELL_GARBAGE, "it wrote a broken log line");
}

static void on_denied(struct cell *cell, uint64_t call, struct slice name)
{
    char text[96];
    size_t length = name.size < CELL_NAME_SIZE - 1 ? name.size : CELL_NAME_SIZE - 1;
    for (size_t i = 0; i < length; i++)
        cell->denied[i] = name.ptr[i] > ' ' && name.ptr[i] < 127 ? name.ptr[i] : '?';
    cell->denied[length] = '\0';
    int size = snprintf(text, sizeof text, "refused system call: %s", cell->denied);
    on_chatter(cell, call, LEVEL_WARN, slice_bytes(text, size < 0 ? 0 : (size_t)size));
}

void cell_on_frame(void *arg, const struct wire_head *head, struct slice payload)
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
