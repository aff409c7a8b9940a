/* recorded_play.h - plays a recording through an adapter: what is in the files below
 * tests/data/recorded, in which README.md has the format.
 *
 * A recording has orders. Each is what a client asked for, the steps that the host carried
 * out for it, what went over the wire, and how it ended. Here the order's variables go
 * from step to step by the host's own order_vars.h; recorded_http.h and
 * recorded_session.h carry out one step between the adapter and the recorded carrier.
 *
 * The first difference ends a play and stands in `why`, with file, order and exchange. */
#ifndef TESTS_RECORDED_PLAY_H
#define TESTS_RECORDED_PLAY_H

#include <dirent.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/arena.h"
#include "check.h"
#include "esim/adapter.h"
#include "esim/exchange.h"
#include "order/order_vars.h"

#define RECORDED "tests/data/recorded/"

enum { WHY_SIZE = 1024, MESSAGE_SIZE = 320, STEPS_MOST = 2000 };

static struct arena *memory; /* Of one play; jansson's too. */

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

struct play {
    const char *file;
    const char *secrets; /* Never recorded: the test has the judge's. */
    json_t *story;
    json_t *order;
    size_t order_at;
    json_t *wire; /* The order's exchanges or frames ... */
    size_t at;    /* ... and the one that comes next. */
    json_t *vars;
    json_t *states;     /* What the order made of its profile. */
    char why[WHY_SIZE]; /* Empty: all was as recorded. */
};

/* One step of an order, while it is carried out. */
struct operation {
    const char *capability, *id, *input, *settings;
    uint32_t attempt;
    int64_t now_ms;
    uint8_t random[32];
    struct esim_answer answer;
};

/* Keeps the first difference. Always false. */
static inline bool differs(struct play *play, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline bool differs(struct play *play, const char *format, ...)
{
    if (play->why[0] != '\0')
        return false;
    char words[WHY_SIZE - 256];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(words, sizeof words, format, args);
    va_end(args);
    CHECK(size >= 0);
    size = snprintf(play->why, sizeof play->why, "%.160s, order %zu, exchange %zu: %s",
                    play->file, play->order_at + 1, play->at, words);
    CHECK(size > 0);
    return false;
}

static inline struct esim_bytes bytes(const char *text)
{
    return (struct esim_bytes){ text, text == NULL ? 0 : strlen(text) };
}

static inline const char *text_or(const json_t *object, const char *key,
                                  const char *other)
{
    const char *text = esim_json_text(object, key);
    return text == NULL ? other : text;
}

static inline int64_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static inline const char *dumped(const json_t *value)
{
    const char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    return text == NULL ? "nothing" : text;
}

/* ---- time and random bytes: those that the recorded bytes were made with ---- */

static inline bool take_random(struct operation *op, const char *digits)
{
    size_t count = strlen(digits) / 2;
    for (size_t i = 0; i < count && i < sizeof op->random; i++) {
        unsigned byte = 0;
        if (sscanf(digits + 2 * i, "%2x", &byte) != 1)
            return false;
        op->random[i] = (uint8_t)byte;
    }
    return true;
}

/* As the next recorded bytes of the host were made. */
static inline void take_moment(struct operation *op, const json_t *next)
{
    const json_t *step = json_object_get(next, "step");
    int64_t at_ms = number_of(next, "at_ms");
    int64_t now_ms = number_of(step, "now_ms");
    memset(op->random, 7, sizeof op->random);
    CHECK(take_random(op, text_or(step, "random", "")));
    if (now_ms != 0)
        op->now_ms = now_ms;
    else if (at_ms > op->now_ms)
        op->now_ms = at_ms;
}

/* ---- one step's ends ---- */

static inline esim_step_fn flow_of(const char *capability)
{
    const struct esim_flows *flows = esim_entry.ability(ESIM_ABILITY_FLOWS);
    for (uint32_t i = 0; i < flows->count; i++)
        if (strcmp(flows->flows[i].capability, capability) == 0)
            return flows->flows[i].step;
    return NULL;
}

/* Tells the flow of one event; op->answer is what it says. */
static inline void tell_flow(const struct play *play, struct operation *op,
                             esim_event event, const struct esim_reply *reply,
                             const struct esim_message *message)
{
    struct esim_step step = {
        .size = sizeof step,
        .event = event,
        .now_ms = op->now_ms,
        .state_version = 1,
        .attempt = op->attempt,
        .operation = bytes(op->id),
        .capability = bytes(op->capability),
        .input = bytes(op->input),
        .settings = bytes(op->settings),
        .secrets = bytes(play->secrets),
        .reply = reply,
        .message = message,
    };
    memcpy(step.random, op->random, sizeof step.random);
    if (event != ESIM_START)
        step.state = op->answer.state;
    op->answer = (struct esim_answer){ .size = sizeof op->answer };
    flow_of(op->capability)(&step, &op->answer);
}

static inline const char *outcome_name(esim_outcome outcome)
{
    static const char *const names[] = { "none", "DONE", "REFUSED", "NOT_YET",
                                         "UNKNOWN" };
    return outcome < 1 || outcome > ESIM_UNKNOWN ? names[0] : names[outcome];
}

static inline bool same_text(struct play *play, const char *what, const char *found,
                             const char *recorded)
{
    return strcmp(found, recorded) == 0 ||
           differs(play, "the %s is \"%s\", recorded \"%s\"", what, found, recorded);
}

/* The host keeps so much of a message. */
static inline const char *cut_message(struct esim_bytes message)
{
    if (message.size > MESSAGE_SIZE - 1)
        message.size = MESSAGE_SIZE - 1;
    return esim_string(message);
}

static inline bool same_end(struct play *play, const struct esim_answer *answer,
                            const json_t *end)
{
    const struct esim_problem *problem = &answer->problem;
    return same_text(play, "outcome", outcome_name(answer->outcome),
                     text_or(end, "outcome", "")) &&
           same_text(play, "problem code", esim_string(problem->code),
                     text_or(end, "code", "")) &&
           same_text(play, "carrier's code", esim_string(problem->carrier_code),
                     text_or(end, "carrier_code", "")) &&
           same_text(play, "message", cut_message(problem->message),
                     text_or(end, "message", ""));
}

static inline bool merge(struct play *play, const struct operation *op)
{
    struct err err = ERR_INIT;
    json_t *result = esim_json_read(op->answer.result);
    json_t *state = json_object_get(result, "state");
    size_t count = json_array_size(play->states);
    if (op->answer.outcome != ESIM_DONE)
        return true;
    if (state != NULL && !json_equal(json_array_get(play->states, count - 1), state))
        json_array_append(play->states, state);
    if (!order_vars_merge(play->vars, result, &err))
        return differs(play, "the host does not take the result: %s", err.text);
    order_vars_forget(play->vars, op->capability);
    return true;
}

/* ---- an order ---- */

/* Carries out one step: talks to the recorded carrier until op->answer is ESIM_END. */
typedef bool (*run_fn)(struct play *play, struct operation *op);

static inline bool run_step(struct play *play, const json_t *step, run_fn run)
{
    struct operation op = {
        .capability = text_or(step, "capability", ""),
        .id = text_or(step, "operation", ""),
        .settings = dumped(json_object_get(play->story, "settings")),
        .attempt = 1,
    };
    op.input = dumped(order_vars_input(play->vars, op.capability));
    if (flow_of(op.capability) == NULL)
        return differs(play, "no flow for \"%s\"", op.capability);
    return run(play, &op) && same_end(play, &op.answer, json_object_get(step, "end")) &&
           merge(play, &op);
}

static inline json_t *vars_of(const json_t *order)
{
    const json_t *ordered = json_object_get(order, "ordered");
    const json_t *device = json_object_get(ordered, "device");
    struct order_request request = {
        .type = text_or(ordered, "type", ""),
        .plan = esim_json_text(ordered, "plan"),
        .eid = esim_json_text(device, "eid"),
        .imei = esim_json_text(device, "imei"),
        .iccid = esim_json_text(ordered, "iccid"),
        .msisdn = esim_json_text(ordered, "msisdn"),
        .profile_type = esim_json_text(ordered, "profile_type"),
        .confirmation_code = esim_json_text(ordered, "confirmation_code"),
        .text = esim_json_text(ordered, "text"),
        .extra = json_object_get(ordered, "extra"),
    };
    json_t *vars = order_vars_new(&request, text_or(order, "id", ""));
    /* order_accept.c: a step that the adapter lacks is asked of the one before. */
    json_object_set_new(vars, "release",
                        json_boolean(flow_of("profile.release") == NULL));
    json_object_update(vars, json_object_get(order, "known"));
    return vars;
}

static inline bool same_shown_text(struct play *play, const json_t *shown,
                                   const char *name)
{
    const char *recorded = esim_json_text(shown, name);
    return recorded == NULL ||
           same_text(play, name, text_or(play->vars, name, ""), recorded);
}

/* What is not recorded was not shown. */
static inline bool same_json(struct play *play, const char *what, const json_t *found,
                             const json_t *recorded)
{
    return recorded == NULL || json_equal(found, recorded) ||
           differs(play, "%s: %s, recorded %s", what, dumped(found), dumped(recorded));
}

/* What the host showed its client, but for members that its clock made. */
static inline bool same_shown(struct play *play, const json_t *shown)
{
    const char *type = text_or(json_object_get(play->order, "ordered"), "type", "");
    json_t *recorded = json_object_get(shown, "result");
    json_t *found = plan_of(type) == NULL
                        ? NULL
                        : order_vars_result(play->vars, plan_of(type));
    size_t at;
    json_t *name;
    json_array_foreach(esim_json_at(play->story, "masked.result"), at, name)
    {
        json_object_del(recorded, json_string_value(name));
        json_object_del(found, json_string_value(name));
    }
    return same_shown_text(play, shown, "iccid") &&
           same_shown_text(play, shown, "eid") &&
           same_shown_text(play, shown, "activation_code") &&
           same_json(play, "result", found, recorded) &&
           same_json(play, "states", play->states, json_object_get(shown, "states"));
}

static inline bool run_order(struct play *play, run_fn run)
{
    const json_t *steps = json_object_get(play->order, "steps");
    size_t at;
    json_t *step;
    play->vars = vars_of(play->order);
    play->states = json_array();
    if (json_array_size(steps) == 0)
        return differs(play, "it has no steps");
    json_array_foreach(steps, at, step)
    {
        if (!run_step(play, step, run))
            return false;
    }
    return same_shown(play, json_object_get(play->order, "shown"));
}

/* What the carrier told unasked, as the host showed it: an id is not shown. */
static inline bool same_facts(struct play *play, json_t *found)
{
    json_t *recorded = json_object_get(play->story, "facts");
    size_t at;
    json_t *fact;
    json_array_foreach(found, at, fact)
    {
        json_object_del(fact, "id");
    }
    return (recorded == NULL && json_array_size(found) == 0) ||
           json_equal(found, recorded) ||
           differs(play, "what is told unasked is %s, recorded %s", dumped(found),
                   dumped(recorded));
}

/* ---- files ---- */

static inline void start(void)
{
    if (memory == NULL) {
        memory = arena_create(64 << 20);
        CHECK_INT(esim_entry.start(&host), 0);
        CHECK_INT(esim_helper_start(&host), 0); /* Our own copy of the helpers. */
    }
    arena_reset(memory);
}

/* The recording, or NULL with `why` set. */
static inline json_t *read_recording(struct play *play, const char *file)
{
    json_error_t error;
    play->file = file;
    play->story = json_load_file(file, JSON_REJECT_DUPLICATES, &error);
    if (play->story == NULL)
        differs(play, "cannot be read: line %d: %s", error.line, error.text);
    return play->story;
}

static inline int is_recording(const struct dirent *entry)
{
    const char *end = strrchr(entry->d_name, '.');
    return end != NULL && strcmp(end, ".json") == 0;
}

/* Words of a credential's place, whatever stands there. */
static inline bool has_no_credentials(struct play *play)
{
    static const char *const words[] = { "authorization\"", "bearer ", "access_token",
                                         "client_secret", "client_assertion" };
    const char *text = dumped(play->story);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasestr(text, words[i]) != NULL)
            return differs(play, "%s is no word for a recording", words[i]);
    return true;
}

/* Plays every file of a folder; each must be as recorded, and there must be `least`. */
static inline void play_all(const char *folder, int least,
                            bool (*play_file)(struct play *play, const char *file))
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_recording, alphasort);
    CHECK(count >= least);
    for (int i = 0; i < count; i++) {
        struct play play = { 0 };
        char file[512];
        start();
        int size = snprintf(file, sizeof file, "%s%s", folder, entries[i]->d_name);
        CHECK_FATAL(size > 0 && size < (int)sizeof file);
        CHECK(play_file(&play, file) && has_no_credentials(&play));
        CHECK_TEXT(play.why, "");
        free(entries[i]);
    }
    free(entries);
}

static inline void memory_goes_back_to_the_host(void)
{
    arena_destroy(&memory);
    CHECK(memory == NULL);
}

#endif
