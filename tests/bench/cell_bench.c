/* cell_bench - what a step through a locked cell costs, and what a cell costs to start.
 *
 *   cell_bench CELL_PROGRAM ADAPTER.so [STEPS]
 *
 * Steps are profile.release STARTs with a 250-byte state of JSON that the adapter reads
 * and writes anew. Prints one line of JSON. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/json.h"
#include "cell/cell.h"
#include "cell/step_codec.h"
#include "conf/file.h"

enum { SPAWNS = 15, OBJECT_LIMIT_BYTES = 64 << 20 };

struct bench {
    struct loop *loop;
    struct cell *cell;
    struct buf step;
    int64_t wanted, asked, answered;
    int window;
    int64_t spawn_us;
};

static const struct cell_limits limits = { .memory_bytes = 64 << 20,
                                           .cpu_ms = 200,
                                           .wall_ms = 2000,
                                           .spawn_ms = 5000,
                                           .output_bytes = 1 << 20,
                                           .queue = 1024,
                                           .deaths = 5,
                                           .deaths_window_ms = 60000,
                                           .backoff_ms = 50,
                                           .backoff_most_ms = 1000 };

static void on_ready(void *arg, struct slice description)
{
    struct bench *bench = arg;
    struct cell_state state;
    (void)description;
    cell_read_state(bench->cell, &state);
    bench->spawn_us = state.spawn_us;
    loop_stop(bench->loop);
}

static void ask(struct bench *bench);

static void on_answer(void *arg, enum cell_end end, struct slice reply)
{
    struct bench *bench = arg;
    if (end != CELL_ANSWERED || reply.size == 0) {
        fprintf(stderr, "cell_bench: a step ended \"%s\": %.*s\n", cell_end_name(end),
                (int)reply.size, reply.ptr);
        exit(1);
    }
    if (++bench->answered == bench->wanted)
        loop_stop(bench->loop);
    else
        ask(bench);
}

static void ask(struct bench *bench)
{
    if (bench->asked == bench->wanted)
        return;
    bench->asked++;
    cell_call(bench->cell, WIRE_STEP, buf_slice(&bench->step), on_answer, bench);
}

static double run_us(struct bench *bench, int window, int64_t steps)
{
    int64_t from_us = clock_mono_us();
    bench->wanted = steps;
    bench->asked = bench->answered = 0;
    for (int i = 0; i < window; i++)
        ask(bench);
    loop_run(bench->loop);
    return (double)(clock_mono_us() - from_us) / (double)steps;
}

static struct esim_bytes text_of(const char *text)
{
    return (struct esim_bytes){ text, strlen(text) };
}

static void make_step(struct buf *ret)
{
    static const char input[] =
        "{\"iccid\":\"8995060000000000018\",\"eid\":"
        "\"89049032123451234512345678901235\","
        "\"note\":\"a text that makes this input about as long as an ordinary one, so "
        "that the parser has something to do in every step that is measured here\","
        "\"order_ref\":\"01a1fc2b-fda2-7f5d-a202-64e8c76b8bab\"}";
    struct esim_step step = {
        .size = sizeof step,
        .event = ESIM_START,
        .now_ms = clock_wall_ms(),
        .attempt = 1,
        .operation = text_of("01a1fc2b-fda2-7f5d-a202-64e8c76b8bab"),
        .capability = text_of("profile.release"),
        .input = text_of(input),
        .settings = text_of("{\"requester_id\":\"1.2.3\"}"),
        .secrets = text_of("{}"),
    };
    buf_init(ret, 1 << 20);
    step_encode(&step, ret);
}

static struct cell *spawn(struct bench *bench, const char *program, const char *name,
                          const struct cell_file *file)
{
    struct err err = ERR_INIT;
    struct cell_program what = {
        .path = program, .name = name, .files = file, .file_count = 1
    };
    struct cell_watch watch = { .ready = on_ready, .arg = bench };
    bench->cell = cell_create(bench->loop, &what, &limits, &watch, &err);
    if (bench->cell == NULL) {
        fprintf(stderr, "cell_bench: %s\n", err.text);
        exit(1);
    }
    loop_run(bench->loop);
    return bench->cell;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Of a process, in KiB: what it alone keeps in memory. */
static long private_kb(pid_t pid)
{
    char path[64], line[256];
    long sum = 0, kb;
    snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", (long)pid);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "Private_Clean: %ld", &kb) == 1 ||
            sscanf(line, "Private_Dirty: %ld", &kb) == 1)
            sum += kb;
    if (file != NULL)
        fclose(file);
    return sum;
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct bench bench = { .spawn_us = 0 };
    struct buf object;
    struct cell_state state;
    int64_t spawns[SPAWNS];
    if (argc < 3)
        return fputs("cell_bench CELL_PROGRAM ADAPTER.so [STEPS]\n", stderr) < 0 || 2;
    int64_t steps = argc > 3 ? strtoll(argv[3], NULL, 10) : 200000;
    json_start();
    buf_init(&object, OBJECT_LIMIT_BYTES);
    if (!file_read(argv[2], &object, &err))
        return fprintf(stderr, "cell_bench: %s\n", err.text) < 0 || 1;
    struct cell_file file = { "adapter",
                              cell_memory_file("adapter", buf_slice(&object), &err) };
    bench.loop = loop_create(&err);
    make_step(&bench.step);
    for (int i = 0; i < SPAWNS; i++) {
        if (bench.cell != NULL)
            cell_destroy(&bench.cell);
        spawn(&bench, argv[1], "bench", &file);
        spawns[i] = bench.spawn_us;
    }
    qsort(spawns, SPAWNS, sizeof spawns[0], by_size);
    cell_read_state(bench.cell, &state);
    long idle_kb = private_kb(state.pid);
    run_us(&bench, 32, steps / 10);
    double alone_us = run_us(&bench, 1, steps / 10);
    double flight_us = run_us(&bench, 32, steps);
    printf("{\"step_alone_us\":%.1f,\"step_32_in_flight_us\":%.1f,"
           "\"spawn_to_ready_ms\":%.1f,\"cell_private_kb\":%ld}\n",
           alone_us, flight_us, (double)spawns[SPAWNS / 2] / 1000.0, idle_kb);
    cell_destroy(&bench.cell);
    loop_destroy(&bench.loop);
    buf_finish(&bench.step);
    buf_finish(&object);
    return 0;
}
