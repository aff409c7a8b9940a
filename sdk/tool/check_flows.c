/* Each flow, walked: start, then from every state found by way of good and bad replies,
 * timers, messages and silences, all events again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "check.h"
#include "esim/capability.h"

enum {
    STATES_MAX = 12, /* Of one flow; more are found by more steps in its own tests. */
    NOW_LATER_MS = 3600 * 1000,
    LARGE_BYTES = 8 << 20
};
static const int64_t now_ms = 1767323045000; /* 2026-01-02T03:04:05Z */

#define BYTES(text) ((struct esim_bytes)TEXT(text))
#define TEXT(text)               \
    {                            \
        (text), sizeof(text) - 1 \
    }

struct state {
    struct buf bytes;
    uint32_t version;
    bool in_query; /* Reached by ESIM_QUERY: only ESIM_SAFE may be asked from here. */
    esim_action action; /* What the flow is waiting for there. */
};

struct walk {
    struct check *check;
    const char *capability;
    struct esim_bytes input;
    struct state states[STATES_MAX];
    size_t state_count;
    struct buf payload, reply;
    char *large;
};

/* ---- what goes in ---- */

/* A plausible input of each capability (capability.h), used when none is given. */
static const char everything[] =
    "{\"iccid\":\"8995010000000000018\",\"eid\":\"89001012012341234012345678901224\","
    "\"imei\":\"490154203237518\",\"msisdn\":\"959790000001\",\"profile_type\":\"P1\","
    "\"order_ref\":\"0198c7a0-0000-7000-8000-000000000001\",\"matching_id\":\"M-1\","
    "\"confirmation_code\":\"9f3bcd70\",\"release\":true,"
    "\"final_state\":\"Available\",\"plan\":\"basic\",\"reason\":\"test\","
    "\"from\":\"2026-01-01T00:00:00Z\",\"to\":\"2026-01-02T00:00:00Z\","
    "\"text\":\"hello\",\"device_id\":\"D1\",\"title\":\"t\",\"name\":\"n\","
    "\"content\":\"c\",\"group\":\"g\",\"carrier_url\":\"https://smdp.example\","
    "\"activation_code\":\"LPA:1$smdp.example$M-1\"}";

static const char deep[] = "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{"
                           "\"a\":{\"a\":{\"a\":{\"a\":"
                           "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{"
                           "\"a\":{\"a\":{\"a\":{\"a\":"
                           "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[";

/* clang-format off */
static const struct {
    const char *name;
    struct esim_bytes bytes;
} odd_texts[] = {
    { "empty",             { NULL, 0 } },
    { "{}",                TEXT("{}") },
    { "[]",                TEXT("[]") },
    { "null",              TEXT("null") },
    { "a number",          TEXT("1e999") },
    { "half an object",    TEXT("{\"iccid\":\"89") },
    { "two values",        TEXT("{} {}") },
    { "bytes",             TEXT("\0\377\376\1\200") },
    { "deep nesting",      { deep, sizeof deep - 1 } },
    { "a format",          TEXT("{\"iccid\":\"%s%n%s%n\",\"msisdn\":\"%99999d\"}") },
    { "quotes and lines",  TEXT("{\"iccid\":\"a\\r\\nX: y\",\"to\":\"\\\"'<&>]]>\"}") },
    { "numbers for texts", TEXT("{\"iccid\":89,\"eid\":[],\"msisdn\":{},\"to\":null}") },
    { "XML with a DOCTYPE",
      TEXT("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>") },
};
/* clang-format on */
enum { ODD_TEXTS = sizeof odd_texts / sizeof odd_texts[0] };

static const int statuses[] = { 200, 201, 202, 204, 207, 301, 302, 304, 400, 401, 403,
                                404, 405, 408, 409, 410, 412, 415, 422, 424, 425, 429,
                                500, 501, 502, 503, 504, 0,   199, 600, 999 };

static struct esim_bytes as_bytes(const struct buf *buf)
{
    struct slice slice = buf_slice(buf);
    return (struct esim_bytes){ slice.ptr, slice.size };
}

static struct esim_step step_of(const struct walk *walk, esim_event event)
{
    return (struct esim_step){
        .size = sizeof(struct esim_step),
        .event = event,
        .now_ms = now_ms,
        .random = { 7, 7, 7, 7, 7, 7, 7, 7 },
        .state_version = walk->check->about.state_newest,
        .attempt = 1,
        .operation = BYTES("0198c7a0-0000-7000-8000-000000000002"),
        .capability = { walk->capability, strlen(walk->capability) },
        .input = walk->input,
        .settings = as_bytes(&walk->check->settings),
        .secrets = as_bytes(&walk->check->secrets),
    };
}

/* ---- what comes out ---- */

static void add_state(struct walk *walk, const struct esim_answer *answer,
                      bool in_query)
{
    struct slice bytes = slice_bytes(answer->state.ptr, answer->state.size);
    for (size_t i = 0; i < walk->state_count; i++)
        if (slice_equal(buf_slice(&walk->states[i].bytes), bytes) &&
            walk->states[i].in_query == in_query)
            return;
    if (walk->state_count == STATES_MAX)
        return;
    struct state *state = &walk->states[walk->state_count++];
    *state = (struct state){ .version = answer->state_version,
                             .in_query = in_query,
                             .action = answer->action };
    buf_init(&state->bytes, 64 << 10);
    buf_add_slice(&state->bytes, bytes);
}

static void judge_end(struct walk *walk, const struct esim_answer *answer,
                      const char *what)
{
    struct check *check = walk->check;
    check_finds_secret(check, answer->problem.message, "the problem's message", what);
    check_finds_secret(check, answer->problem.carrier_code, "the carrier code", what);
    if (answer->outcome != ESIM_DONE)
        return;
    struct err err = ERR_INIT;
    json_t *result = json_read(slice_bytes(answer->result.ptr, answer->result.size),
                               &err);
    if (!json_is_object(result))
        check_fail(check, what, "the result is no JSON object: %s", err.text);
    json_decref(result);
}

static void judge(struct walk *walk, const struct esim_step *step, bool in_query,
                  const char *what)
{
    struct check *check = walk->check;
    struct err err = ERR_INIT;
    struct esim_answer answer;
    struct arena *arena = arena_create(1 << 20);
    if (arena == NULL ||
        !answer_decode(buf_slice(&walk->reply), arena, &answer, &err)) {
        check_fail(check, what, "%s", err.text);
        arena_destroy(&arena);
        return;
    }
    uint32_t version = answer.state_version;
    bool sends = answer.action == ESIM_ASK || answer.action == ESIM_SEND;
    esim_repeat repeat = answer.action == ESIM_ASK ? answer.ask.repeat
                                                   : answer.send.repeat;
    if (answer.action == ESIM_END)
        judge_end(walk, &answer, what);
    else if (version < check->about.state_oldest || version > check->about.state_newest)
        check_fail(check, what,
                   "it writes state version %u, outside of its own %u to %u", version,
                   check->about.state_oldest, check->about.state_newest);
    else if (in_query && sends && repeat != ESIM_SAFE)
        check_fail(check, what, "a query asks for an exchange that changes things");
    else if (step->event == ESIM_AGAIN && !sends)
        check_fail(check, what, "asked again for an exchange, it answered none");
    else
        add_state(walk, &answer, in_query);
    arena_destroy(&arena);
}

static void run(struct walk *walk, const struct esim_step *step, bool in_query,
                const char *what)
{
    buf_clear(&walk->payload);
    step_encode(step, &walk->payload);
    if (check_run(walk->check, WIRE_STEP, buf_slice(&walk->payload), what,
                  &walk->reply))
        judge(walk, step, in_query, what);
}

/* ---- the tests of one flow ---- */

static void test_start(struct walk *walk)
{
    struct esim_step step = step_of(walk, ESIM_START);
    check_begin(walk->check, "%s: start", walk->capability);
    run(walk, &step, false, "good input");
    check_run_many(walk->check, WIRE_STEP, buf_slice(&walk->payload), "good input");
    step.attempt = UINT32_MAX;
    run(walk, &step, false, "attempt 4294967295");
    step.now_ms = 0;
    run(walk, &step, false, "in 1970");
    check_begin(walk->check, "%s: odd inputs", walk->capability);
    for (size_t i = 0; i < ODD_TEXTS; i++) {
        step = step_of(walk, ESIM_START);
        step.input = odd_texts[i].bytes;
        run(walk, &step, false, odd_texts[i].name);
    }
    memset(walk->large, 'x', LARGE_BYTES);
    memcpy(walk->large, "{\"iccid\":\"", 10);
    memcpy(walk->large + (1 << 20) - 2, "\"}", 2);
    step.input = (struct esim_bytes){ walk->large, 1 << 20 };
    run(walk, &step, false, "a text of 1 MiB");
    check_begin(walk->check, "%s: odd settings and secrets", walk->capability);
    for (size_t i = 0; i < ODD_TEXTS; i++) {
        step = step_of(walk, ESIM_START);
        step.settings = odd_texts[i].bytes;
        run(walk, &step, false, odd_texts[i].name);
        step = step_of(walk, ESIM_START);
        step.secrets = odd_texts[i].bytes;
        run(walk, &step, false, odd_texts[i].name);
    }
}

static const esim_event later_events[] = { ESIM_REPLY,   ESIM_TIMER, ESIM_MESSAGE,
                                           ESIM_SILENCE, ESIM_QUERY, ESIM_AGAIN };
static const struct esim_reply empty_reply = { .size = sizeof empty_reply,
                                               .status = 200 };
static const struct esim_message empty_message = { .size = sizeof empty_message };

/* A state that this version cannot read ends the operation; nothing may be sent. */
static void test_odd_states(struct walk *walk)
{
    char what[64];
    check_begin(walk->check, "%s: states it cannot know", walk->capability);
    for (size_t i = 0; i < ODD_TEXTS; i++)
        for (size_t j = 0; j < sizeof later_events / sizeof later_events[0]; j++) {
            struct esim_step step = step_of(walk, later_events[j]);
            step.state = odd_texts[i].bytes;
            step.state_version = i % 2 == 0 ? 0xffffffff : step.state_version;
            step.reply = step.event == ESIM_REPLY ? &empty_reply : NULL;
            step.message = step.event == ESIM_MESSAGE ? &empty_message : NULL;
            if (snprintf(what, sizeof what, "state %s, event %d", odd_texts[i].name,
                         step.event) < 0)
                continue;
            size_t states = walk->state_count;
            run(walk, &step, false, what);
            if (walk->state_count > states && step.event != ESIM_AGAIN) {
                check_fail(walk->check, what, "it went on from a state it cannot know");
                buf_finish(&walk->states[--walk->state_count].bytes);
            }
        }
}

static struct esim_step step_from(const struct walk *walk, size_t index,
                                  esim_event event)
{
    struct esim_step step = step_of(walk, event);
    step.state = as_bytes(&walk->states[index].bytes);
    step.state_version = walk->states[index].version;
    return step;
}

static void reply_with(struct walk *walk, size_t index, int status,
                       struct esim_bytes body, const char *body_name)
{
    static const struct esim_header headers[] = {
        { { "Content-Type", 12 }, { "application/json", 16 } },
        { { "X-Admin-Protocol", 16 }, { "gsma/rsp/v2.2.0", 15 } },
        { { "Retry-After", 11 }, { "7", 1 } },
    };
    char what[96];
    const struct esim_reply reply = { .size = sizeof reply,
                                      .status = status,
                                      .headers = headers,
                                      .header_count = 3,
                                      .body = body };
    struct esim_step step = step_from(walk, index, ESIM_REPLY);
    step.reply = &reply;
    if (snprintf(what, sizeof what, "state %zu, status %d, body %s", index, status,
                 body_name) > 0)
        run(walk, &step, walk->states[index].in_query, what);
}

static void test_replies(struct walk *walk, size_t index)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        reply_with(walk, index, statuses[i], BYTES(""), "empty");
        reply_with(walk, index, statuses[i], BYTES("{}"), "{}");
    }
    for (size_t i = 0; i < ODD_TEXTS; i++)
        reply_with(walk, index, 200, odd_texts[i].bytes, odd_texts[i].name);
    memset(walk->large, 'x', LARGE_BYTES);
    reply_with(walk, index, 200, (struct esim_bytes){ walk->large, LARGE_BYTES },
               "8 MiB of x");
    memset(walk->large, '[', LARGE_BYTES);
    reply_with(walk, index, 200, (struct esim_bytes){ walk->large, LARGE_BYTES },
               "8 MiB of [");
    memset(walk->large, ' ', LARGE_BYTES);
    memcpy(walk->large + LARGE_BYTES - 2, "{}", 2);
    reply_with(walk, index, 200, (struct esim_bytes){ walk->large, LARGE_BYTES },
               "8 MiB of JSON");
}

static void test_messages(struct walk *walk, size_t index)
{
    char what[96];
    for (size_t i = 0; i < ODD_TEXTS; i++) {
        const struct esim_message message = { .size = sizeof message,
                                              .key = BYTES("k"),
                                              .payload = odd_texts[i].bytes };
        struct esim_step step = step_from(walk, index, ESIM_MESSAGE);
        step.message = &message;
        if (snprintf(what, sizeof what, "state %zu, message %s", index,
                     odd_texts[i].name) > 0)
            run(walk, &step, walk->states[index].in_query, what);
    }
}

static void test_event(struct walk *walk, size_t index, esim_event event,
                       const char *name)
{
    char what[64];
    struct esim_step step = step_from(walk, index, event);
    step.now_ms = now_ms + NOW_LATER_MS;
    if (snprintf(what, sizeof what, "state %zu, %s", index, name) > 0)
        run(walk, &step, walk->states[index].in_query || event == ESIM_QUERY, what);
}

/* New states are found while the earlier ones are walked. */
static void test_states(struct walk *walk)
{
    for (size_t i = 0; i < walk->state_count; i++) {
        struct state *state = &walk->states[i];
        check_begin(walk->check, "%s: state %zu", walk->capability, i);
        if (state->action == ESIM_ASK)
            test_replies(walk, i);
        if (state->action == ESIM_SEND || state->action == ESIM_AWAIT) {
            test_messages(walk, i);
            test_event(walk, i, ESIM_SILENCE, "silence");
        }
        if (state->action == ESIM_WAIT)
            test_event(walk, i, ESIM_TIMER, "timer");
        if (state->action == ESIM_ASK || state->action == ESIM_SEND) {
            test_event(walk, i, ESIM_AGAIN, "again");
            test_event(walk, i, ESIM_QUERY, "query");
        }
    }
}

static struct esim_bytes input_of(const struct check *check, const char *capability)
{
    for (size_t i = 0; i < check->input_count; i++)
        if (strcmp(check->inputs[i].capability, capability) == 0)
            return as_bytes(&check->inputs[i].json);
    return BYTES(everything);
}

static void check_flow(struct check *check, const char *capability)
{
    struct walk walk = { .check = check,
                         .capability = capability,
                         .input = input_of(check, capability),
                         .large = malloc(LARGE_BYTES) };
    buf_init(&walk.payload, 32 << 20);
    buf_init(&walk.reply, 32 << 20);
    if (walk.large != NULL) {
        test_start(&walk);
        test_odd_states(&walk);
        test_states(&walk);
    }
    for (size_t i = 0; i < walk.state_count; i++)
        buf_finish(&walk.states[i].bytes);
    buf_finish(&walk.payload);
    buf_finish(&walk.reply);
    free(walk.large);
}

void check_flows(struct check *check)
{
    for (size_t i = 0; i < ESIM_CAPABILITY_MAX && check->about.capabilities[i][0]; i++)
        check_flow(check, check->about.capabilities[i]);
}
