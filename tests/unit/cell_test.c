/* Cells with one fault each: what a fault costs, and that it costs nothing else. */
#include "cell/cell.h"

#include <dirent.h>
#include <errno.h>
#include <sys/wait.h>

#include "cell/deaths.h"
#include "cell_world.h"

/* ---- the good one ---- */

static void a_good_adapter_describes_itself_and_answers(void)
{
    struct world *world = world_start("echo", &usual_limits);
    struct call_seen *seen = step(world, "{\"iccid\":\"89\"}");
    wait_all(world);
    check_result(seen, "{\"iccid\":\"89\"}");
    struct esim_about about = { 0 };
    struct cell_session sessions[4];
    uint32_t count = 0;
    struct err err = ERR_INIT;
    CHECK(about_decode(buf_slice(&world->description), &about, sessions, 4, &count,
                       &err));
    CHECK_TEXT(about.name, "echo");
    CHECK_TEXT(about.capabilities[3], ESIM_SMS_SEND);
    CHECK_INT(count, 1);
    CHECK_TEXT(sessions[0].name, "line");
    CHECK_INT(sessions[0].header_bytes, 4);
    struct cell_state state;
    cell_read_state(world->cell, &state);
    CHECK(state.ready && state.healthy && state.pid > 0);
    CHECK_INT(state.calls, 1);
    CHECK(state.spawn_us > 0);
    CHECK_TEXT(world->log, ""); /* Nothing was refused: the warm-up is complete. */
    world_end(world);
}

static void many_calls_are_answered_in_their_order(void)
{
    struct world *world = world_start("echo", &usual_limits);
    char input[32];
    for (unsigned i = 0; i < CALLS_MAX; i++) {
        CHECK(snprintf(input, sizeof input, "{\"n\":%u}", i) > 0);
        step(world, input);
    }
    wait_all(world);
    for (unsigned i = 0; i < CALLS_MAX; i++) {
        CHECK(snprintf(input, sizeof input, "{\"n\":%u}", i) > 0);
        check_result(&world->seen[i], input);
    }
    world_end(world);
}

static void sessions_callbacks_and_settings_go_through_the_cell(void)
{
    struct world *world = world_start("echo", &usual_limits);
    struct arena *arena = arena_create(1 << 20);
    struct err err = ERR_INIT;
    struct buf payload;
    buf_init(&payload, 1 << 20);
    wire_put_bytes(&payload, slice_of("line"));
    wire_put_bytes(&payload, slice_bytes("\0\0\0\7abc", 7));
    struct call_seen *frame = call(world, WIRE_FRAME, buf_slice(&payload));
    buf_clear(&payload);
    const struct esim_session_step session_step = {
        .size = sizeof session_step,
        .event = ESIM_FRAME,
        .state = { "\1\0\0\0key", 7 },
        .bytes = { "\0\0\0\7abc", 7 },
    };
    session_step_encode(slice_of("line"), &session_step, &payload);
    struct call_seen *session = call(world, WIRE_SESSION, buf_slice(&payload));
    buf_clear(&payload);
    const struct esim_request request = { .size = sizeof request,
                                          .method = { "POST", 4 },
                                          .path = { "/n", 2 },
                                          .body = { "body", 4 } };
    request_encode(&request, &payload);
    struct call_seen *inbound = call(world, WIRE_INBOUND, buf_slice(&payload));
    buf_clear(&payload);
    wire_put_bytes(&payload, slice_of("{\"colour\":\"red\"}"));
    struct call_seen *check = call(world, WIRE_CHECK, buf_slice(&payload));
    struct call_seen *unknown = step_of(world, ESIM_PROFILE_ORDER, "{}");
    wait_all(world);
    CHECK_INT(frame->size, 8);
    CHECK_INT(frame->reply[0], 7);
    struct esim_session_answer acts = { 0 };
    CHECK(session_answer_decode(slice_bytes(session->reply, session->size), arena,
                                &acts, &err));
    CHECK_INT(acts.act_count, 1);
    CHECK_INT(acts.acts[0].kind, ESIM_ACT_DELIVER);
    CHECK_INT(acts.acts[0].bytes.size, 3);
    CHECK_INT(acts.acts[0].key.size, 3);
    CHECK_INT(acts.state.size, 7); /* With its version in front, for the next one. */
    struct esim_response response = { 0 };
    CHECK(response_decode(slice_bytes(inbound->reply, inbound->size), arena, &response,
                          &err));
    CHECK_INT(response.status, 200);
    CHECK_INT(response.fact_count, 1);
    struct wire_reader reader = wire_reader_of(slice_bytes(check->reply, check->size));
    CHECK(slice_is(wire_bytes(&reader), "colour"));
    CHECK_INT(unknown->end, CELL_ERROR);
    check_reason(unknown->reply, "no flow for capability profile.order");
    CHECK_TEXT(err.text, "");
    buf_finish(&payload);
    arena_destroy(&arena);
    world_end(world);
}

static void eight_mebibytes_go_in_and_out(void)
{
    struct world *world = world_start("echo", &usual_limits);
    size_t size = 8 << 20;
    char *body = calloc(1, size);
    const struct esim_reply reply = { .size = sizeof reply,
                                      .status = 200,
                                      .body = { body, size } };
    const char *state = "{\"at\":\"usage\",\"vars\":{}}";
    const struct esim_step told = {
        .size = sizeof told,
        .event = ESIM_REPLY,
        .capability = { ESIM_USAGE_READ, strlen(ESIM_USAGE_READ) },
        .state = { state, strlen(state) },
        .reply = &reply,
    };
    struct buf payload;
    buf_init(&payload, 16 << 20);
    step_encode(&told, &payload);
    struct call_seen *seen = call(world, WIRE_STEP, buf_slice(&payload));
    wait_all(world);
    check_result(seen, "{\"bytes\":8388608}");
    world_end(world);
    world = world_start("oversize", &usual_limits);
    seen = step(world, "8388608");
    wait_all(world);
    CHECK_INT(seen->end, CELL_ANSWERED);
    CHECK(seen->size > 8388608);
    world_end(world);
    buf_finish(&payload);
    free(body);
}

/* ---- faults ---- */

static void a_crash_costs_one_call(void)
{
    fault("crash", "segv", CELL_CRASHED, "signal 11 (Segmentation fault)");
    fault("crash", "abort", CELL_CRASHED, "signal 6 (Aborted)");
    fault("crash", "exit", CELL_CRASHED, "ended with status 3");
    fault("crash", "stack", CELL_CRASHED, "signal 11");
    fault("crash", "jump", CELL_CRASHED, "signal 11");
}

static void a_hang_costs_one_call(void)
{
    fault("hang", "hang", CELL_HUNG, "no answer within 300 ms of computing");
}

static void waiting_is_bounded_by_the_wall_deadline(void)
{
    struct cell_limits limits = usual_limits;
    limits.wall_ms = 1000;
    fault_within(&limits, "sleep", "futex", CELL_HUNG,
                 "no answer within 1000 ms of waiting");
}

static void garbage_costs_one_call(void)
{
    const char *words = "it wrote bytes that are no answer to its call";
    fault("garbage", "letters", CELL_GARBAGE, words);
    fault("garbage", "foreign", CELL_GARBAGE, words);
    fault("garbage", "unknown", CELL_GARBAGE, words);
    fault("garbage", "ready", CELL_GARBAGE, words);
    fault("garbage", "chatter", CELL_GARBAGE, "log lines without end");
}

static void an_answer_against_the_rules_is_refused_by_the_decoder(void)
{
    struct world *world = world_start("garbage", &usual_limits);
    struct call_seen *seen[] = { step(world, "empty"), step(world, "both") };
    static const char *const words[] = { "action is 0", "came with parts" };
    wait_all(world);
    for (size_t i = 0; i < 2; i++) {
        struct err err = ERR_INIT;
        struct arena *arena = arena_create(1 << 20);
        struct esim_answer answer;
        CHECK_INT(seen[i]->end, CELL_ANSWERED);
        CHECK(!answer_decode(slice_bytes(seen[i]->reply, seen[i]->size), arena, &answer,
                             &err));
        check_reason(err.text, words[i]);
        arena_destroy(&arena);
    }
    world_end(world);
}

static void an_oversized_answer_costs_one_call(void)
{
    fault("oversize", "20000000", CELL_OVERSIZED, "16777216 are allowed");
}

static void used_up_memory_costs_one_call_and_starts_afresh(void)
{
    struct world *world = world_start("leak", &usual_limits);
    for (unsigned i = 0; i < CALLS_MAX; i++)
        step(world, "1");
    wait_all(world);
    unsigned failed = 0;
    for (unsigned i = 0; i < world->asked; i++)
        failed += world->seen[i].end != CELL_ANSWERED;
    CHECK(failed >= 1 && failed <= 5);
    CHECK_INT(world->died, failed);
    CHECK(world->healthy);
    world_end(world);
}

static void a_refused_system_call_is_told_by_name(void)
{
    struct world *world = world_start("sleep", &usual_limits);
    struct call_seen *seen = step(world, "nanosleep");
    wait_all(world);
    check_result(seen, "{\"reason\":\"refused\"}");
    CHECK_TEXT(world->log, "refused system call: nanosleep;");
    world_end(world);
}

static void what_cannot_start_says_why(void)
{
    struct err err = ERR_INIT;
    struct cell_attempt attempt;
    cell_attempt_init(&attempt, 1 << 20);
    CHECK(!try_one("refuses", "", &attempt, &err));
    CHECK_TEXT(err.text, "cannot start: adapter refused to start (7)");
    CHECK(!try_one("abi", "", &attempt, &err));
    CHECK_TEXT(err.text,
               "cannot start: the adapter was built for ABI 2, this host has 1");
    CHECK(try_one("crash", "segv", &attempt, &err));
    CHECK_INT(attempt.end, CELL_CRASHED);
    check_reason(buf_slice(&attempt.reply).ptr, "signal 11");
    CHECK(try_one("crash", "fine", &attempt, &err));
    CHECK_INT(attempt.end, CELL_ANSWERED);
    cell_attempt_finish(&attempt);
}

static void a_start_that_hangs_is_ended(void)
{
    struct cell_limits limits = usual_limits;
    limits.spawn_ms = 100;
    limits.deaths = 1;
    struct world *world = world_start("stuck", &limits);
    struct call_seen *seen = step(world, "1");
    wait_all(world);
    CHECK_INT(seen->end, CELL_DOWN);
    CHECK_TEXT(seen->reply, "not ready within 100 ms");
    CHECK_INT(world->died_why, CELL_HUNG);
    world_end(world);
}

static void what_is_no_program_or_no_object_is_refused(void)
{
    struct err err = ERR_INIT;
    struct world *world = world_of("echo", &usual_limits);
    struct cell_attempt attempt;
    cell_attempt_init(&attempt, 1000);
    struct cell_program program = world->program;
    program.path = "/nonexistent/esim-cell";
    CHECK(cell_create(world->loop, &program, &usual_limits, NULL, &err) == NULL);
    check_reason(err.text, "starting /nonexistent/esim-cell: No such file");
    struct cell_file text = { .name = "text",
                              .fd = cell_memory_file("text", slice_of("hello"), &err) };
    program = world->program;
    program.files = &text;
    CHECK(!cell_attempt(&program, &usual_limits, 0, slice_of(""), &attempt, &err));
    check_reason(err.text, "cannot start: the object cannot be loaded");
    close(text.fd);
    cell_attempt_finish(&attempt);
    world_end(world);
}

/* ---- health ---- */

static bool is_healthy(struct world *world)
{
    struct cell_state state;
    cell_read_state(world->cell, &state);
    return state.healthy;
}

static void a_cell_that_keeps_dying_is_unhealthy_and_others_go_on(void)
{
    struct cell_limits limits = usual_limits;
    limits.deaths = 3;
    struct world *bad = world_start("crash", &limits);
    struct world *good = world_start("echo", &limits);
    for (unsigned i = 0; i < 3; i++)
        step(bad, "segv");
    struct call_seen *waiting = step(bad, "fine");
    wait_all(bad);
    for (unsigned i = 0; i < 3; i++)
        CHECK_INT(bad->seen[i].end, CELL_CRASHED);
    CHECK_INT(waiting->end, CELL_DOWN);
    check_reason(waiting->reply, "signal 11");
    CHECK(!bad->healthy && !is_healthy(bad));
    check_reason(bad->health_reason, "signal 11");
    struct call_seen *refused = step(bad, "fine");
    CHECK(!refused->over); /* Never from inside. */
    wait_all(bad);
    CHECK_INT(refused->end, CELL_DOWN);
    CHECK_TEXT(refused->reply, "the cell is unhealthy");
    step(good, "{}");
    wait_all(good);
    check_result(&good->seen[0], "{}");
    wait_for(bad, &bad->healthy); /* It was started again, and stayed. */
    struct call_seen *again = step(bad, "fine");
    wait_all(bad);
    CHECK_INT(again->end, CELL_ANSWERED);
    step(bad, "segv"); /* The earlier deaths still count: one more is too many. */
    wait_all(bad);
    CHECK(!bad->healthy);
    world_end(bad);
    world_end(good);
}

static void a_program_that_cannot_start_becomes_unhealthy(void)
{
    struct cell_limits limits = usual_limits;
    limits.deaths = 2;
    struct world *world = world_start("refuses", &limits);
    struct call_seen *seen = step(world, "1");
    wait_all(world);
    CHECK_INT(seen->end, CELL_DOWN);
    CHECK_TEXT(seen->reply, "cannot start: adapter refused to start (7)");
    CHECK_INT(world->ready, 0);
    world_end(world);
}

static void backoff_doubles_with_jitter_up_to_its_limit(void)
{
    struct deaths deaths;
    CHECK_FATAL(deaths_init(&deaths, 3, 1000));
    int64_t most = 0;
    for (unsigned row = 1; row <= 10; row++) {
        deaths_note(&deaths, row);
        int64_t longest = 0;
        for (unsigned i = 0; i < 200; i++) {
            int64_t ms = deaths_backoff_ms(&deaths, 10, 1000);
            longest = ms > longest ? ms : longest;
        }
        int64_t limit = row >= 8 ? 1000 : 10 << (row - 1);
        CHECK(longest <= limit && longest > limit / 2);
        most = longest > most ? longest : most;
    }
    CHECK(most > 500);
    deaths_finish(&deaths);
}

static void deaths_count_within_their_window_only(void)
{
    struct deaths deaths;
    CHECK_FATAL(deaths_init(&deaths, 3, 1000));
    deaths_note(&deaths, 1000000);
    deaths_note(&deaths, 1500000);
    CHECK(!deaths_too_many(&deaths, 1500000));
    deaths_note(&deaths, 2100000);
    CHECK(!deaths_too_many(&deaths, 2100000));
    deaths_note(&deaths, 2400000);
    CHECK(deaths_too_many(&deaths, 2400000));
    CHECK(!deaths_too_many(&deaths, 2600000));
    deaths_finish(&deaths);
}

/* ---- calls that end otherwise ---- */

static void a_full_queue_refuses(void)
{
    struct cell_limits limits = usual_limits;
    limits.queue = 2;
    struct world *world = world_start("echo", &limits);
    for (unsigned i = 0; i < 3; i++)
        step(world, "{}");
    wait_all(world);
    CHECK_INT(world->seen[1].end, CELL_ANSWERED);
    CHECK_INT(world->seen[2].end, CELL_DOWN);
    CHECK_TEXT(world->seen[2].reply, "too many calls are waiting");
    world_end(world);
}

static void a_forgotten_call_is_never_reported(void)
{
    struct world *world = world_start("crash", &usual_limits);
    struct call_seen *waiting = step(world, "fine");
    cell_forget(world->cell, waiting->number);
    struct call_seen *first = step(world, "fine");
    struct call_seen *gone = step(world, "segv");
    struct call_seen *last = step(world, "fine");
    wait_for(world, &first->over);
    cell_forget(world->cell, gone->number);
    wait_for(world, &last->over);
    CHECK(!waiting->over);
    CHECK_INT(last->end, CELL_ANSWERED);
    world_end(world);
}

static void destroying_ends_open_calls(void)
{
    struct world *world = world_start("hang", &usual_limits);
    struct call_seen *first = step(world, "1");
    struct call_seen *open = step(world, "hang");
    struct call_seen *behind = step(world, "1");
    wait_for(world, &first->over);
    cell_destroy(&world->cell);
    CHECK(world->cell == NULL);
    CHECK_INT(open->end, CELL_DOWN);
    CHECK_TEXT(behind->reply, "the cell is stopping");
    world_end(world);
}

static void destroy_inside(void *arg, enum cell_end end, struct slice reply)
{
    struct world *world = arg;
    (void)end;
    (void)reply;
    cell_destroy(&world->cell);
    world->destroy_when_done = true;
}

static void a_callback_may_destroy_its_cell(void)
{
    struct world *world = world_start("echo", &usual_limits);
    struct buf payload;
    put_step(&payload, ESIM_PROFILE_STATUS, "{}");
    cell_call(world->cell, WIRE_STEP, buf_slice(&payload), destroy_inside, world);
    buf_finish(&payload);
    struct call_seen *behind = step(world, "{}");
    wait_for(world, &world->destroy_when_done);
    CHECK_INT(behind->end, CELL_DOWN);
    CHECK(event_base_loop(loop_base(world->loop), EVLOOP_NONBLOCK) >= 0);
    world_end(world);
}

/* ---- what is left behind ---- */

static unsigned open_descriptors(void)
{
    unsigned count = 0;
    DIR *dir = opendir("/proc/self/fd");
    CHECK_FATAL(dir != NULL);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static void no_zombie_and_no_descriptor_is_left(void)
{
    unsigned before = open_descriptors();
    fault("crash", "segv", CELL_CRASHED, "signal 11");
    fault("hang", "hang", CELL_HUNG, "computing");
    CHECK_INT(open_descriptors(), before);
    CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

static const struct check_case cases[] = {
    CASE(a_good_adapter_describes_itself_and_answers),
    CASE(many_calls_are_answered_in_their_order),
    CASE(sessions_callbacks_and_settings_go_through_the_cell),
    CASE(eight_mebibytes_go_in_and_out),
    CASE(a_crash_costs_one_call),
    CASE(a_hang_costs_one_call),
    CASE(waiting_is_bounded_by_the_wall_deadline),
    CASE(garbage_costs_one_call),
    CASE(an_answer_against_the_rules_is_refused_by_the_decoder),
    CASE(an_oversized_answer_costs_one_call),
    CASE(used_up_memory_costs_one_call_and_starts_afresh),
    CASE(a_refused_system_call_is_told_by_name),
    CASE(what_cannot_start_says_why),
    CASE(a_start_that_hangs_is_ended),
    CASE(what_is_no_program_or_no_object_is_refused),
    CASE(a_cell_that_keeps_dying_is_unhealthy_and_others_go_on),
    CASE(a_program_that_cannot_start_becomes_unhealthy),
    CASE(backoff_doubles_with_jitter_up_to_its_limit),
    CASE(deaths_count_within_their_window_only),
    CASE(a_full_queue_refuses),
    CASE(a_forgotten_call_is_never_reported),
    CASE(destroying_ends_open_calls),
    CASE(a_callback_may_destroy_its_cell),
    CASE(no_zombie_and_no_descriptor_is_left),
};

int main(void)
{
    if (!find_build())
        return 2;
    return check_run("cell", cases, sizeof cases / sizeof cases[0]);
}
