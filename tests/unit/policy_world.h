/* policy_world.h - what the tests of policies share: a loop, images made from files, and
 * questions that are waited for. */
#ifndef TESTS_POLICY_WORLD_H
#define TESTS_POLICY_WORLD_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "conf/file.h"
#include "policy/policy.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

/* The budget of one decision in these tests, and what reliability.md grants beyond. */
enum { CPU_MS = 100, WALL_MS = 400, GRACE_MS = 100, GIVE_UP_MS = 20000 };

static const struct cell_limits world_limits = {
    .memory_bytes = 16 << 20,
    .cpu_ms = CPU_MS,
    .wall_ms = WALL_MS,
    .spawn_ms = 10000,
    .output_bytes = 1 << 20,
    .queue = 64,
    .deaths = 1000,
    .deaths_window_ms = 60000,
    .backoff_ms = 1,
    .backoff_most_ms = 10,
};

/* The policy cell of this build: tests lie two folders below the programs. */
static inline const char *world_cell(void)
{
    static char path[PATH_MAX];
    char self[PATH_MAX - 40] = "";
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    CHECK_FATAL(length > 0);
    for (int up = 0; up < 3; up++)
        *strrchr(self, '/') = '\0';
    snprintf(path, sizeof path, "%s/esim-policy-cell", self);
    return path;
}

/* An image of two files under the names that a policy has. Its signature and digests are
 * the manifest's business, not looked at here. */
static inline struct policy_image *world_image(const char *rbac, const char *routing)
{
    static const char text[] =
        "kind: policy\nname: policy\nversion: 1.0.0\nrevision: 7\n"
        "not_before: 2026-01-01T00:00:00Z\nexpires: 2036-01-01T00:00:00Z\nfiles:\n"
        "  - { name: rbac.lua, size: 1, sha256: " ZEROS " }\n"
        "  - { name: routing.lua, size: 1, sha256: " ZEROS " }\n";
    const char *const paths[] = { rbac, routing };
    struct manifest *manifest = NULL;
    struct err err = ERR_INIT;
    if (!manifest_parse(SLICE_LITERAL(text), "policy.yaml", &manifest, &err))
        fprintf(stderr, "%s\n", err.text);
    CHECK_FATAL(manifest != NULL);
    manifest->file_fds = malloc(2 * sizeof *manifest->file_fds);
    for (int i = 0; i < 2; i++) {
        struct buf bytes;
        buf_init(&bytes, 1 << 20);
        CHECK_FATAL(file_read(paths[i], &bytes, &err));
        manifest->file_fds[i] = cell_memory_file(paths[i], buf_slice(&bytes), &err);
        buf_finish(&bytes);
    }
    return policy_image_create(manifest);
}

/* One policy on a loop of its own. */
struct world {
    struct loop *loop;
    struct policy_image *image;
    struct policy *policy;
    struct loop_timer *timer;
    int64_t give_up_us;
    bool (*is_over)(const struct world *world);
    unsigned open;
};

/* Ends the loop when what is waited for has come, or much too late. */
static inline void world_look(void *arg)
{
    struct world *world = arg;
    if (world->is_over(world) || clock_mono_us() > world->give_up_us)
        loop_stop(world->loop);
    else
        loop_timer_set(world->timer, 1);
}

static inline void world_wait(struct world *world,
                              bool (*is_over)(const struct world *world))
{
    world->is_over = is_over;
    world->give_up_us = clock_mono_us() + GIVE_UP_MS * INT64_C(1000);
    loop_timer_set(world->timer, 0);
    loop_run(world->loop);
    CHECK(is_over(world));
}

static inline bool world_is_ready(const struct world *world)
{
    return policy_is_ready(world->policy);
}

static inline bool world_is_idle(const struct world *world)
{
    return world->open == 0;
}

static inline struct world *world_start(const char *rbac, const char *routing)
{
    struct err err = ERR_INIT;
    struct world *world = calloc(1, sizeof *world);
    CHECK_FATAL(world != NULL);
    world->loop = loop_create(&err);
    CHECK_FATAL(world->loop != NULL);
    world->timer = loop_timer_create(world->loop, world_look, world);
    world->image = world_image(rbac, routing);
    world->policy = policy_create(world->loop, world->image, world_cell(),
                                  &world_limits, &err);
    if (world->policy == NULL)
        fprintf(stderr, "%s\n", err.text);
    CHECK_FATAL(world->policy != NULL);
    return world;
}

static inline void world_end(struct world **world)
{
    policy_destroy(&(*world)->policy);
    loop_timer_destroy(&(*world)->timer);
    loop_destroy(&(*world)->loop);
    policy_image_drop(&(*world)->image);
    free(*world);
    *world = NULL;
}

/* A question and what became of it. */
struct question {
    struct world *world;
    bool done, allow, failed;
    int64_t asked_us, took_us;
    int64_t revision;
    char reason[600], adapter[80], digest[65], id[ID_SIZE], input[2000], result[2000];
};

static inline void world_answered(void *arg, const struct policy_decision *decision)
{
    struct question *question = arg;
    question->took_us = clock_mono_us() - question->asked_us;
    question->world->open--;
    question->done = true;
    question->allow = decision->allow;
    question->failed = decision->failed;
    question->revision = decision->revision;
    snprintf(question->reason, sizeof question->reason, "%s", decision->reason);
    snprintf(question->adapter, sizeof question->adapter, "%s",
             decision->adapter == NULL ? "" : decision->adapter);
    memcpy(question->digest, decision->input_digest, sizeof question->digest);
    memcpy(question->id, decision->id, sizeof question->id);
    snprintf(question->input, sizeof question->input, "%.*s", (int)decision->input.size,
             decision->input.ptr);
    snprintf(question->result, sizeof question->result, "%.*s",
             (int)decision->result.size, decision->result.ptr);
}

/* `args` is JSON. The question is kept until it is done. */
static inline void world_ask(struct world *world, const char *function,
                             const char *args, struct question *question)
{
    json_t *value = json_loads(args, 0, NULL);
    CHECK_FATAL(value != NULL);
    *question = (struct question){ .world = world, .asked_us = clock_mono_us() };
    world->open++;
    policy_ask(world->policy, function, value, world_answered, question);
    json_decref(value);
}

#endif
