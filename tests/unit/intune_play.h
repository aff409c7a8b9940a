/* intune_play.h - a host for one operation at a time: it plays Graph's side from a
 * script and keeps the time, for the tests of the Intune adapter. */
#ifndef TESTS_INTUNE_PLAY_H
#define TESTS_INTUNE_PLAY_H

#include <stdlib.h>

#include "base/arena.h"
#include "esim/adapter.h"
#include "esim/capability.h"
#include "esim/exchange.h"

#define OP       "0190a0b0-1111-7222-8333-444455556666"
#define NAME     "esimd-" OP
#define DEV      "dev-1"
#define ICCID    "8995060000000000018"
#define START_MS INT64_C(1767323045000) /* 2026-01-02T03:04:05Z */

/* Paths and replies of Graph. */
#define DEVICES "/deviceManagement/managedDevices"
#define POOLS   "/deviceManagement/embeddedSIMActivationCodePools"
#define SCRIPTS "/deviceManagement/deviceManagementScripts"

#define LIST(items)       "{\"value\":[" items "]}"
#define NEXT(items, link) "{\"value\":[" items "],\"@odata.nextLink\":\"" link "\"}"
#define ROOT              "https://graph.microsoft.com"
#define ERROR(code)                                                             \
    "{\"error\":{\"code\":\"" code "\",\"message\":\"SECRET\",\"innerError\":{" \
    "\"request-id\":\"r-1\"}}}"

static struct arena *memory; /* Of one step. */
static struct arena *kept;   /* Of one play. */

static inline void *host_alloc(uint64_t size)
{
    return arena_alloc(memory, size);
}

static inline void host_log(esim_level level, struct esim_bytes text)
{
    (void)level;
    (void)text;
}

static inline const void *host_ability(const char *id)
{
    (void)id;
    return NULL;
}

static const struct esim_host host = {
    .size = sizeof host,
    .abi = ESIM_ABI,
    .alloc = host_alloc,
    .log = host_log,
    .ability = host_ability,
};

static inline void start(void)
{
    if (memory == NULL) {
        memory = arena_create(8 << 20);
        kept = arena_create(64 << 20);
        CHECK_INT(esim_entry.start(&host), 0);
    }
    arena_reset(memory);
}

static inline void memory_goes_back_to_the_host(void)
{
    arena_destroy(&memory);
    arena_destroy(&kept);
    CHECK(memory == NULL);
}

static inline struct esim_bytes bytes(const char *text)
{
    return (struct esim_bytes){ text, text == NULL ? 0 : strlen(text) };
}

static inline struct esim_bytes keep(struct esim_bytes given)
{
    return (struct esim_bytes){
        arena_copy(kept, given.ptr == NULL ? "" : given.ptr, given.size), given.size
    };
}

static inline const char *text(struct esim_bytes given)
{
    return keep(given).ptr;
}

static inline esim_step_fn flow_of(const char *capability)
{
    const struct esim_flows *flows = esim_entry.ability(ESIM_ABILITY_FLOWS);
    for (uint32_t i = 0; i < flows->count; i++)
        if (strcmp(flows->flows[i].capability, capability) == 0)
            return flows->flows[i].step;
    return NULL;
}

/* What Graph answers to the next exchange. `status` 0: the answer is lost. */
struct turn {
    const char *ask;  /* "GET /v1.0/..": what is asked must begin so. */
    const char *body; /* NULL: not looked at. */
    int status;
    const char *reply;
    const char *retry_after;
};

struct play {
    const char *capability, *input, *settings;
    const struct turn *turns;
    size_t turn_count;
    uint32_t attempt;
    /* Out. */
    size_t asked;    /* Turns that were taken. */
    int64_t now_ms;  /* When it was over. */
    char waits[256]; /* "60 120": seconds of each wait. */
    esim_repeat last_repeat;
    char last_name[32];
    esim_outcome outcome;
    int32_t retry_after_s;
    const char *code, *message, *carrier_code, *result;
    const char *request_id; /* Of the last exchange. */
};

enum { STEPS_MOST = 2000 };

static inline void note_wait(struct play *play, int64_t ms)
{
    size_t used = strlen(play->waits);
    if (used + 12 < sizeof play->waits)
        (void)!snprintf(play->waits + used, sizeof play->waits - used, "%s%lld",
                        used > 0 ? " " : "", (long long)(ms / 1000));
}

static inline void note_end(struct play *play, const struct esim_answer *answer)
{
    play->outcome = answer->outcome;
    play->retry_after_s = answer->problem.retry_after_s;
    play->code = text(answer->problem.code);
    play->message = text(answer->problem.message);
    play->carrier_code = text(answer->problem.carrier_code);
    play->result = text(answer->result);
}

/* Compares an exchange with the script, and gives the turn; NULL: none is left. */
static inline const struct turn *take_turn(struct play *play,
                                           const struct esim_ask *ask)
{
    char line[4200];
    int size = snprintf(line, sizeof line, "%.*s %.*s", (int)ask->method.size,
                        ask->method.ptr, (int)ask->path.size, ask->path.ptr);
    CHECK_FATAL(size > 0 && size < (int)sizeof line);
    play->last_repeat = ask->repeat;
    CHECK_TEXT(text(ask->endpoint), "graph");
    (void)!snprintf(play->last_name, sizeof play->last_name, "%.*s",
                    (int)ask->name.size, ask->name.ptr);
    play->request_id = text(
        bytes(esim_header_of(ask->headers, ask->header_count, "client-request-id")));
    if (play->asked == play->turn_count) {
        fprintf(stderr, "asked beyond the script: %s\n", line);
        CHECK(false);
        return NULL;
    }
    const struct turn *turn = &play->turns[play->asked++];
    if (strncmp(line, turn->ask, strlen(turn->ask)) != 0) {
        CHECK_TEXT(line, turn->ask);
    }
    if (turn->body != NULL) {
        CHECK_TEXT(text(ask->body), turn->body);
    }
    return turn;
}

static inline struct esim_step first_step(const struct play *play)
{
    struct esim_step step = {
        .size = sizeof step,
        .event = ESIM_START,
        .now_ms = START_MS,
        .state_version = 1,
        .attempt = play->attempt == 0 ? 1 : play->attempt,
        .operation = bytes(OP),
        .capability = bytes(play->capability),
        .input = bytes(play->input),
        .settings = bytes(play->settings != NULL ? play->settings : "{}"),
        .secrets = bytes("{}"),
    };
    memset(step.random, 7, sizeof step.random);
    step.random[16] = 0;
    return step;
}

/* The next event, after an action that did not end the operation. A lost ONCE exchange
 * is a query; a lost other one is simply sent again, which is the host's affair. */
static inline bool go_on(struct play *play, const struct esim_answer *answer,
                         struct esim_step *step, struct esim_reply *reply,
                         struct esim_header *header)
{
    step->state = keep(answer->state);
    step->reply = NULL;
    CHECK(step->state.size <= 64 << 10);
    if (answer->action == ESIM_WAIT) {
        CHECK(answer->until_ms >= step->now_ms);
        note_wait(play, answer->until_ms - step->now_ms);
        step->now_ms = answer->until_ms;
        step->event = ESIM_TIMER;
        return true;
    }
    CHECK_INT(answer->action, ESIM_ASK);
    const struct turn *turn = take_turn(play, &answer->ask);
    if (turn == NULL)
        return false;
    step->event = turn->status == 0 ? ESIM_QUERY : ESIM_REPLY;
    *header = (struct esim_header){ bytes("Retry-After"), bytes(turn->retry_after) };
    *reply = (struct esim_reply){ .size = sizeof *reply,
                                  .status = turn->status,
                                  .headers = header,
                                  .header_count = turn->retry_after != NULL ? 1 : 0,
                                  .body = bytes(turn->reply) };
    if (step->event == ESIM_REPLY)
        step->reply = reply;
    CHECK(step->event == ESIM_REPLY || answer->ask.repeat == ESIM_ONCE);
    return true;
}

static inline void play_it(struct play *play)
{
    start();
    arena_reset(kept);
    struct esim_step step = first_step(play);
    struct esim_reply reply;
    struct esim_header header;
    for (int i = 0; i < STEPS_MOST; i++) {
        struct esim_answer answer = { .size = sizeof answer };
        arena_reset(memory);
        flow_of(play->capability)(&step, &answer);
        play->now_ms = step.now_ms;
        if (answer.action == ESIM_END) {
            note_end(play, &answer);
            CHECK_INT(play->asked, play->turn_count);
            return;
        }
        if (!go_on(play, &answer, &step, &reply, &header))
            return;
    }
    CHECK(false); /* It goes on for ever. */
}

#define TURNS(table) .turns = (table), .turn_count = sizeof(table) / sizeof(table)[0]

#endif
