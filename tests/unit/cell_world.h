/* cell_world.h - a loop with one cell of a test adapter in it, and what it said.
 *
 * Shared by cell_test.c and cell_lock_test.c. Nothing sleeps: the loop is turned until
 * what is waited for has happened, at most PATIENCE_MS. */
#ifndef TESTS_UNIT_CELL_WORLD_H
#define TESTS_UNIT_CELL_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cell/cell.h"
#include "cell/step_codec.h"
#include "check.h"
#include "esim/capability.h"

enum { PATIENCE_MS = 20000, CALLS_MAX = 64 };

/* ---- a cell under test ---- */

static char build[256]; /* build/MODE, from this program's own place. */

static const char *build_path(const char *format, const char *name)
{
    static char path[8][512];
    static unsigned turn;
    char *ret = path[turn++ % 8], inner[300];
    CHECK_FATAL(snprintf(inner, sizeof inner, format, name) > 0);
    CHECK_FATAL(snprintf(ret, sizeof path[0], "%s/%s", build, inner) > 0);
    return ret;
}

static inline int load_file(const char *path, struct err *err)
{
    FILE *file = fopen(path, "re");
    struct buf bytes;
    char piece[65536];
    size_t got;
    CHECK_FATAL(file != NULL);
    buf_init(&bytes, 64 << 20);
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        buf_add(&bytes, piece, got);
    fclose(file);
    int fd = cell_memory_file("object", buf_slice(&bytes), err);
    buf_finish(&bytes);
    return fd;
}

struct call_seen {
    bool over;
    enum cell_end end;
    size_t size;
    char reply[4096];
    uint64_t number;
};

struct world {
    struct loop *loop;
    struct cell *cell;
    struct cell_file file;
    struct cell_program program;
    struct cell_limits limits;
    struct call_seen seen[CALLS_MAX];
    unsigned asked, ready, died;
    bool healthy, late, destroy_when_done;
    enum cell_end died_why;
    char died_reason[200], health_reason[200], log[600];
    struct buf description;
    struct loop_timer *patience;
};

static inline void on_ready(void *arg, struct slice description)
{
    struct world *world = arg;
    world->ready++;
    buf_clear(&world->description);
    buf_add_slice(&world->description, description);
}

static inline void copy(char *ret, size_t size, const char *text)
{
    CHECK(snprintf(ret, size, "%s", text) >= 0);
}

static inline void on_died(void *arg, enum cell_end why, const char *reason)
{
    struct world *world = arg;
    world->died++;
    world->died_why = why;
    copy(world->died_reason, sizeof world->died_reason, reason);
}

static inline void on_health(void *arg, bool healthy, const char *reason)
{
    struct world *world = arg;
    world->healthy = healthy;
    copy(world->health_reason, sizeof world->health_reason, reason);
}

static inline void on_log(void *arg, uint64_t call, uint32_t level, struct slice text)
{
    struct world *world = arg;
    (void)call;
    (void)level;
    size_t used = strlen(world->log);
    if (used + text.size + 2 < sizeof world->log)
        CHECK(snprintf(world->log + used, sizeof world->log - used, "%.*s;",
                       (int)text.size, text.ptr) >= 0);
}

static inline void on_late(void *arg)
{
    ((struct world *)arg)->late = true;
}

static const struct cell_limits usual_limits = {
    .memory_bytes = 64 << 20,
    .cpu_ms = 300,
    .wall_ms = 15000, /* A busy machine may give a process little of its time. */
    .spawn_ms = 10000,
    .output_bytes = 16 << 20,
    .queue = 1000,
    .deaths = 5,
    .deaths_window_ms = 60000,
    .backoff_ms = 1,
    .backoff_most_ms = 10,
};

/* The struct is as large as its calls: it lives on the heap. */
static inline struct world *world_of(const char *adapter,
                                     const struct cell_limits *limits)
{
    struct err err = ERR_INIT;
    struct world *world = calloc(1, sizeof *world);
    CHECK_FATAL(world != NULL);
    world->limits = *limits;
    world->healthy = true;
    world->file.name = adapter;
    world->file.fd = load_file(build_path("tests/adapters/%s.so", adapter), &err);
    world->program = (struct cell_program){
        .path = build_path("esim-%s", "cell"),
        .name = adapter,
        .files = &world->file,
        .file_count = 1,
    };
    buf_init(&world->description, 1 << 20);
    world->loop = loop_create(&err);
    CHECK_FATAL(world->file.fd >= 0 && world->loop != NULL);
    world->patience = loop_timer_create(world->loop, on_late, world);
    CHECK_FATAL(world->patience != NULL);
    return world;
}

static inline struct world *world_start(const char *adapter,
                                        const struct cell_limits *limits)
{
    struct err err = ERR_INIT;
    struct world *world = world_of(adapter, limits);
    const struct cell_watch watch = { on_ready, on_died, on_health, on_log, world };
    world->cell = cell_create(world->loop, &world->program, limits, &watch, &err);
    CHECK_TEXT(err.text, "");
    CHECK_FATAL(world->cell != NULL);
    return world;
}

static inline void world_end(struct world *world)
{
    CHECK(!world->late);
    cell_destroy(&world->cell);
    loop_timer_destroy(&world->patience);
    loop_destroy(&world->loop);
    close(world->file.fd);
    buf_finish(&world->description);
    free(world);
}

static inline void on_done(void *arg, enum cell_end end, struct slice reply)
{
    struct call_seen *seen = arg;
    CHECK(!seen->over);
    seen->over = true;
    seen->end = end;
    seen->size = reply.size;
    size_t kept = reply.size < sizeof seen->reply ? reply.size : sizeof seen->reply - 1;
    if (kept > 0)
        memcpy(seen->reply, reply.ptr, kept);
}

static inline struct call_seen *call(struct world *world, enum wire_kind kind,
                                     struct slice payload)
{
    CHECK_FATAL(world->asked < CALLS_MAX);
    struct call_seen *seen = &world->seen[world->asked++];
    seen->number = cell_call(world->cell, kind, payload, on_done, seen);
    CHECK(seen->number != 0);
    return seen;
}

static inline void put_step(struct buf *ret, const char *capability, const char *input)
{
    const struct esim_step step = {
        .size = sizeof step,
        .event = ESIM_START,
        .now_ms = 1767323045000,
        .attempt = 1,
        .operation = { "op", 2 },
        .capability = { capability, strlen(capability) },
        .input = { input, strlen(input) },
    };
    buf_init(ret, 1 << 20);
    step_encode(&step, ret);
}

static inline struct call_seen *step_of(struct world *world, const char *capability,
                                        const char *input)
{
    struct buf payload;
    put_step(&payload, capability, input);
    struct call_seen *seen = call(world, WIRE_STEP, buf_slice(&payload));
    buf_finish(&payload);
    return seen;
}

static inline struct call_seen *step(struct world *world, const char *input)
{
    return step_of(world, ESIM_PROFILE_STATUS, input);
}

/* Turns the loop until the flag is set; a minute's hang is a failure, not a hang. */
static inline void wait_for(struct world *world, const bool *flag)
{
    loop_timer_set(world->patience, PATIENCE_MS);
    while (!*flag && !world->late)
        event_base_loop(loop_base(world->loop), EVLOOP_ONCE);
    loop_timer_stop(world->patience);
    CHECK(*flag);
}

static inline void wait_all(struct world *world)
{
    for (unsigned i = 0; i < world->asked; i++)
        wait_for(world, &world->seen[i].over);
}

static inline void check_result(const struct call_seen *seen, const char *expected)
{
    struct err err = ERR_INIT;
    struct arena *arena = arena_create(1 << 20);
    struct esim_answer answer = { 0 };
    CHECK_TEXT(cell_end_name(seen->end), "answered");
    if (seen->end != CELL_ANSWERED)
        fprintf(stderr, "  %s\n", seen->reply);
    CHECK(answer_decode(slice_bytes(seen->reply, seen->size), arena, &answer, &err));
    CHECK_TEXT(err.text, "");
    char result[3000] = "";
    slice_copy(slice_bytes(answer.result.ptr, answer.result.size), result,
               sizeof result);
    CHECK_TEXT(result, expected);
    arena_destroy(&arena);
}

static inline void check_reason(const char *reason, const char *part)
{
    if (strstr(reason, part) == NULL)
        fprintf(stderr, "  \"%s\" lacks \"%s\"\n", reason, part);
    CHECK(strstr(reason, part) != NULL);
}

/* Asks `bad` between good steps: it alone may fail, and with this reason. */
static inline void fault_within(const struct cell_limits *limits, const char *adapter,
                                const char *bad, enum cell_end end, const char *reason)
{
    struct world *world = world_start(adapter, limits);
    struct call_seen *before = step(world, "1");
    struct call_seen *seen = step(world, bad);
    for (unsigned i = 0; i < 10; i++)
        step(world, "1");
    wait_all(world);
    CHECK_TEXT(cell_end_name(seen->end), cell_end_name(end));
    check_reason(seen->reply, reason);
    CHECK_INT(before->end, CELL_ANSWERED);
    for (unsigned i = 2; i < world->asked; i++)
        CHECK_TEXT(cell_end_name(world->seen[i].end), "answered");
    CHECK_INT(world->died, 1);
    CHECK_INT(world->ready, 2);
    CHECK(world->healthy);
    world_end(world);
}

static inline void fault(const char *adapter, const char *bad, enum cell_end end,
                         const char *reason)
{
    fault_within(&usual_limits, adapter, bad, end, reason);
}

static inline bool try_one(const char *adapter, const char *input,
                           struct cell_attempt *ret, struct err *err)
{
    struct world *world = world_of(adapter, &usual_limits);
    struct buf payload;
    put_step(&payload, ESIM_PROFILE_STATUS, input);
    bool carried_out = cell_attempt(&world->program, &usual_limits, WIRE_STEP,
                                    buf_slice(&payload), ret, err);
    buf_finish(&payload);
    world_end(world);
    return carried_out;
}

static inline bool find_build(void)
{
    ssize_t length = readlink("/proc/self/exe", build, sizeof build - 1);
    char *at = length < 0 ? NULL : strstr(build, "/tests/unit/");
    if (at == NULL)
        return false;
    *at = '\0';
    return true;
}

#endif
