/* Many calls, small and large, in one cell that dies again and again: each call ends
 * exactly once, and only those that killed it end badly. */
#include <signal.h>

#include "cell_world.h"

enum { ROUNDS = 12, LARGE_BYTES = 700 << 10 };

static const struct cell_limits stormy = {
    .memory_bytes = 64 << 20,
    .cpu_ms = 2000,
    .wall_ms = 4000,
    .spawn_ms = 10000,
    .output_bytes = 16 << 20,
    .queue = 1000,
    .deaths = 1000,
    .deaths_window_ms = 60000,
    .backoff_ms = 1,
    .backoff_most_ms = 2,
};

/* A small generator with a fixed seed, so that a failure can be seen again. */
static uint32_t next_number(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* What the call asks for, and so many bytes more: larger than the socket, than the
 * window, or nothing. */
static struct call_seen *padded_step(struct world *world, const char *what, size_t size)
{
    struct buf input, payload;
    buf_init(&input, LARGE_BYTES + 64);
    buf_add_text(&input, what);
    while (input.size < size)
        buf_add_text(&input, " and much more");
    put_step(&payload, ESIM_PROFILE_STATUS, buf_slice(&input).ptr);
    struct call_seen *seen = call(world, WIRE_STEP, buf_slice(&payload));
    buf_finish(&input);
    buf_finish(&payload);
    return seen;
}

static void one_storm(uint32_t seed)
{
    struct world *world = world_start("crash", &stormy);
    bool deadly[CALLS_MAX], forgotten[CALLS_MAX];
    unsigned expected_deaths = 0;
    for (unsigned i = 0; i < CALLS_MAX; i++) {
        uint32_t dice = next_number(&seed);
        deadly[i] = dice % 6 == 0;
        forgotten[i] = dice % 11 == 0;
        size_t size = dice % 5 == 1 ? LARGE_BYTES : dice % 3000;
        padded_step(world, deadly[i] ? "segv" : "fine", size);
        expected_deaths += deadly[i] && !forgotten[i];
    }
    for (unsigned i = 0; i < CALLS_MAX; i++)
        if (forgotten[i])
            cell_forget(world->cell, world->seen[i].number);
    for (unsigned i = 0; i < CALLS_MAX; i++)
        if (!forgotten[i])
            wait_for(world, &world->seen[i].over);
    for (unsigned i = 0; i < CALLS_MAX; i++) {
        const char *expected = deadly[i] ? "crashed" : "answered";
        CHECK(world->seen[i].over == !forgotten[i]);
        if (!forgotten[i]) {
            CHECK_TEXT(cell_end_name(world->seen[i].end), expected);
        }
    }
    CHECK_INT(world->died, expected_deaths);
    world_end(world);
}

static void only_the_calls_that_kill_end_badly(void)
{
    for (uint32_t round = 1; round <= ROUNDS; round++)
        one_storm(round);
}

/* A call that is half on its way when the process is killed from outside is not lost. At
 * most the one being answered may be blamed. */
static void a_kill_from_outside_costs_at_most_the_call_at_the_head(void)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct cell_state state;
        struct world *world = world_start("crash", &stormy);
        struct call_seen *first = padded_step(world, "fine", 10);
        for (unsigned i = 0; i < 20; i++)
            padded_step(world, "fine", i % 2 == 0 ? LARGE_BYTES : 10 * round);
        wait_for(world, &first->over);
        cell_read_state(world->cell, &state);
        CHECK(state.pid > 0 && kill(state.pid, SIGKILL) == 0);
        wait_all(world);
        unsigned crashed = 0;
        for (unsigned i = 0; i < world->asked; i++)
            crashed += world->seen[i].end == CELL_CRASHED;
        CHECK(crashed <= 1);
        for (unsigned i = 0; i < world->asked; i++)
            CHECK(world->seen[i].end == CELL_ANSWERED ||
                  world->seen[i].end == CELL_CRASHED);
        CHECK_INT(world->died, 1);
        check_reason(world->died_reason, "killed by signal 9 (Killed)");
        world_end(world);
    }
}

/* A process that reads nothing must not hold up the host, however much it is sent. */
static void a_process_that_does_not_read_is_ended(void)
{
    struct world *world = world_start("crash", &stormy);
    struct cell_state state;
    struct call_seen *first = padded_step(world, "fine", 10);
    wait_for(world, &first->over);
    cell_destroy(&world->cell);
    struct cell_limits short_wait = stormy;
    short_wait.wall_ms = 100;
    const struct cell_watch watch = { on_ready, on_died, on_health, on_log, world };
    struct err err = ERR_INIT;
    bool is_up = false;
    world->cell = cell_create(world->loop, &world->program, &short_wait, &watch, &err);
    CHECK_FATAL(world->cell != NULL);
    loop_timer_set(world->patience, PATIENCE_MS);
    while (!is_up && !world->late) {
        event_base_loop(loop_base(world->loop), EVLOOP_ONCE);
        cell_read_state(world->cell, &state);
        is_up = state.ready;
    }
    CHECK(kill(state.pid, SIGSTOP) == 0);
    struct call_seen *large = padded_step(world, "fine", LARGE_BYTES);
    struct call_seen *behind = padded_step(world, "fine", 10);
    wait_all(world);
    CHECK_INT(large->end, CELL_HUNG);
    CHECK_TEXT(large->reply, "no answer within 100 ms of waiting");
    CHECK_INT(behind->end, CELL_ANSWERED);
    world_end(world);
}

static const struct check_case cases[] = {
    CASE(only_the_calls_that_kill_end_badly),
    CASE(a_kill_from_outside_costs_at_most_the_call_at_the_head),
    CASE(a_process_that_does_not_read_is_ended),
};

int main(void)
{
    if (!find_build())
        return 2;
    return check_run("cell_storm", cases, sizeof cases / sizeof cases[0]);
}
