/* cell_bench - what a step through a locked cell costs, and what a cell costs to start.
 *
 *   cell_bench CELL_PROGRAM BUILD WORLD ADAPTER [CAPABILITY [STEPS]]
 *
 * The adapter of BUILD, as it is placed in WORLD (tools/world.sh). Steps are STARTs of the
 * capability (the manifest's first), with an input of about 400 bytes that has whatever
 * any of them needs: the step reads it and answers with its first request. Prints one line
 * of JSON. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "adapter/adapter_conf.h"
#include "base/clock.h"
#include "base/json.h"
#include "cell/cell.h"
#include "cell/step_codec.h"
#include "conf/file.h"

enum { SPAWNS = 15, OBJECT_LIMIT_BYTES = 64 << 20, PATH_SIZE = 512 };

struct bench {
    const char *build, *world, *adapter;
    struct manifest *manifest;
    struct adapter_conf *conf;
    const char *capability;
    bool is_judged; /* The first answer was a request to the carrier. */
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

static void die(const char *what, const struct err *err)
{
    fprintf(stderr, "cell_bench: %s: %s\n", what, err->text);
    exit(1);
}

/* A refusal would be measured as well, and mean nothing. */
static void judge(struct bench *bench, struct slice reply)
{
    struct err err = ERR_INIT;
    struct arena *arena = arena_create(1 << 20);
    struct esim_answer answer;
    if (!answer_decode(reply, arena, &answer, &err))
        die("reading an answer", &err);
    if (answer.action != ESIM_ASK && answer.action != ESIM_SEND) {
        fprintf(stderr, "cell_bench: %s %s begins with action %d, %.*s\n",
                bench->adapter, bench->capability, answer.action,
                (int)answer.problem.message.size,
                (const char *)answer.problem.message.ptr);
        exit(1);
    }
    arena_destroy(&arena);
    bench->is_judged = true;
}

static void on_answer(void *arg, enum cell_end end, struct slice reply)
{
    struct bench *bench = arg;
    if (end != CELL_ANSWERED || reply.size == 0) {
        fprintf(stderr, "cell_bench: a step ended \"%s\": %.*s\n", cell_end_name(end),
                (int)reply.size, reply.ptr);
        exit(1);
    }
    if (!bench->is_judged)
        judge(bench, reply);
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

static const char input[] =
    "{\"iccid\":\"8995060000000000018\",\"eid\":\"89049032123451234512345678901235\","
    "\"profile_type\":\"P1\",\"plan\":\"gold\",\"msisdn\":\"+959770000001\","
    "\"final_state\":\"Available\",\"release\":true,\"matching_id\":\"M-0001\","
    "\"from\":\"2026-01-01T00:00:00Z\",\"to\":\"2026-01-02T00:00:00Z\","
    "\"device_id\":\"705c034c-034c-705c-4c03-5c704c035c70\","
    "\"activation_code\":\"1$smdp.example.com$M-0001\","
    "\"order_ref\":\"01a1fc2b-fda2-7f5d-a202-64e8c76b8bab\"}";

static void make_step(struct bench *bench)
{
    const struct adapter_view *view = adapter_conf_view(bench->conf, "");
    struct esim_step step = {
        .size = sizeof step,
        .event = ESIM_START,
        .now_ms = clock_wall_ms(),
        .attempt = 1,
        .operation = text_of("01a1fc2b-fda2-7f5d-a202-64e8c76b8bab"),
        .capability = text_of(bench->capability),
        .input = text_of(input),
        .settings = text_of(view->settings),
        .secrets = text_of(view->secrets),
    };
    buf_init(&bench->step, 1 << 20);
    step_encode(&step, &bench->step);
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

static void path_of(char ret[PATH_SIZE], const char *folder, const char *inside,
                    const char *name, const char *ending)
{
    int size = snprintf(ret, PATH_SIZE, "%s/%s%s%s", folder, inside, name, ending);
    if (size < 0 || size >= PATH_SIZE)
        exit(2);
}

/* Manifest and configuration; the adapter's object into `object`. */
static void load(struct bench *bench, struct buf *object)
{
    struct err err = ERR_INIT;
    char path[PATH_SIZE], secrets[PATH_SIZE];
    struct buf text;
    buf_init(&text, 1 << 20);
    path_of(path, bench->build, "manifests/", bench->adapter, ".yaml");
    if (!file_read(path, &text, &err) ||
        !manifest_parse(buf_slice(&text), path, &bench->manifest, &err))
        die(path, &err);
    buf_finish(&text);
    path_of(path, bench->world, "adapters.d/", bench->adapter, ".yaml");
    path_of(secrets, bench->world, "secrets", "", "");
    bench->conf = adapter_conf_load(path, secrets, bench->manifest, &err);
    if (bench->conf == NULL)
        die(path, &err);
    path_of(path, bench->build, "adapters/", bench->adapter, ".so");
    if (!file_read(path, object, &err))
        die(path, &err);
}

static int64_t median_spawn_us(struct bench *bench, const char *program,
                               const struct cell_file *file)
{
    int64_t spawns[SPAWNS];
    for (int i = 0; i < SPAWNS; i++) {
        if (bench->cell != NULL)
            cell_destroy(&bench->cell);
        spawn(bench, program, "bench", file);
        spawns[i] = bench->spawn_us;
    }
    qsort(spawns, SPAWNS, sizeof spawns[0], by_size);
    return spawns[SPAWNS / 2];
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct buf object;
    struct cell_state state;
    if (argc < 5)
        return fputs("cell_bench CELL_PROGRAM BUILD WORLD ADAPTER [CAPABILITY "
                     "[STEPS]]\n",
                     stderr) < 0 ||
               2;
    struct bench bench = { .build = argv[2], .world = argv[3], .adapter = argv[4] };
    int64_t steps = argc > 6 ? strtoll(argv[6], NULL, 10) : 200000;
    json_start();
    buf_init(&object, OBJECT_LIMIT_BYTES);
    load(&bench, &object);
    bench.capability = argc > 5 ? argv[5] : bench.manifest->capabilities[0];
    struct cell_file file = { "adapter",
                              cell_memory_file("adapter", buf_slice(&object), &err) };
    bench.loop = loop_create(&err);
    make_step(&bench);
    int64_t spawn_us = median_spawn_us(&bench, argv[1], &file);
    cell_read_state(bench.cell, &state);
    long idle_kb = private_kb(state.pid);
    run_us(&bench, 32, steps / 10);
    double alone_us = run_us(&bench, 1, steps / 10);
    double flight_us = run_us(&bench, 32, steps);
    printf("{\"adapter\":\"%s\",\"capability\":\"%s\",\"step_alone_us\":%.1f,"
           "\"step_32_in_flight_us\":%.1f,\"spawn_to_ready_ms\":%.1f,"
           "\"cell_private_kb\":%ld}\n",
           bench.adapter, bench.capability, alone_us, flight_us,
           (double)spawn_us / 1000.0, idle_kb);
    cell_destroy(&bench.cell);
    loop_destroy(&bench.loop);
    adapter_conf_destroy(&bench.conf);
    manifest_destroy(&bench.manifest);
    buf_finish(&bench.step);
    buf_finish(&object);
    return 0;
}
