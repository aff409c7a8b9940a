/* Decisions are pure, so one that waits too long may be asked again elsewhere: when the
 * cell in use has given no answer for STUCK_MS, all that wait behind the decision at its
 * head move to the spare cell. The head stays: it is what takes so long, and its
 * deadline ends it. */
#include "policy/policy.h"

#include <assert.h>
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/metric.h"
#include "crypto/digest.h"
#include "policy/image.h"
#include "policy/verdict.h"

enum { CELLS = 2, STUCK_MS = 10, INPUT_BYTES = 1 << 20, ARG_SIZE = 48 };

static struct metric decisions = {
    .kind = METRIC_COUNTER,
    .name = "esim_policy_decisions_total",
    .help = "Decisions of the policy, by function and outcome.",
    .label = "function",
    .label2 = "outcome",
};
static struct metric decision_seconds = {
    .kind = METRIC_HISTOGRAM,
    .name = "esim_policy_decision_seconds",
    .help = "From question to answer.",
    .label = "function",
};

/* One question on its way. */
struct ask {
    struct ask *next;
    struct pool_cell *pool;
    uint64_t call;
    int64_t asked_us;
    char function[16];
    char digest[DIGEST_TEXT_SIZE];
    json_t *args;
    struct buf payload; /* What is sent: the function, then the input. */
    struct slice input; /* The arguments as JSON, inside the payload. */
    policy_done done;
    void *arg;
};

/* One cell and its open questions, in the order of their calls. */
struct pool_cell {
    struct policy *policy;
    struct cell *cell;
    struct ask *first, **last;
    int64_t heard_us; /* The last answer, or the first call after it was idle. */
    bool up;          /* A process is ready. */
    bool complete;    /* The files define all functions. */
};

struct policy {
    struct policy_image *image; /* A reference of ours. */
    struct cell_program program;
    char lua_bytes[ARG_SIZE], instructions[ARG_SIZE];
    const char *args[3];
    struct loop_timer *timer;
    bool timer_runs;
    char trouble[VERDICT_REASON_SIZE];
    json_t *kept; /* Or NULL. */
    struct buf kept_text;
    struct pool_cell cells[CELLS];
};

/* ---- the open questions ---- */

static void push(struct pool_cell *pool, struct ask *ask)
{
    if (pool->first == NULL)
        pool->heard_us = clock_mono_us();
    ask->pool = pool;
    ask->next = NULL;
    *pool->last = ask;
    pool->last = &ask->next;
}

static void unlink_ask(struct pool_cell *pool, struct ask *ask)
{
    struct ask **at = &pool->first;
    while (*at != ask)
        at = &(*at)->next;
    *at = ask->next;
    if (*at == NULL)
        pool->last = at;
}

static void ask_free(struct ask *ask)
{
    buf_finish(&ask->payload);
    json_decref(ask->args);
    free(ask);
}

/* ---- answers ---- */

/* Why a call brought no answer of the script. */
static void explain_end(enum cell_end end, struct slice reply, char *ret, size_t size)
{
    char words[VERDICT_REASON_SIZE - 40];
    verdict_clean(reply, words, sizeof words);
    int length = end == CELL_ERROR
                     ? snprintf(ret, size, "the policy failed: %s", words)
                     : snprintf(ret, size, "the policy gave no answer: its cell %s",
                                cell_end_name(end));
    assert(length >= 0);
}

static void read_answer(const struct ask *ask, enum cell_end end, struct slice reply,
                        struct verdict *verdict, struct policy_decision *ret)
{
    struct err err = ERR_INIT;
    ret->failed = true;
    if (end != CELL_ANSWERED) {
        explain_end(end, reply, verdict->reason, sizeof verdict->reason);
    } else if (!verdict_read(ask->function, ask->args, reply, verdict, &err)) {
        int length = snprintf(verdict->reason, sizeof verdict->reason,
                              "the policy's answer is wrong: %s%s%.300s", err.field,
                              err.field[0] == '\0' ? "" : ": ", err.text);
        assert(length >= 0);
    } else {
        ret->failed = false;
        ret->allow = verdict->allow;
        ret->result = reply;
        ret->adapter = verdict->adapter[0] == '\0' ? NULL : verdict->adapter;
    }
    ret->reason = verdict->reason;
}

static void finish(struct ask *ask, enum cell_end end, struct slice reply)
{
    struct verdict verdict = { 0 };
    struct policy_decision decision = {
        .revision = policy_image_revision(ask->pool->policy->image),
        .input = ask->input,
    };
    read_answer(ask, end, reply, &verdict, &decision);
    id_new(decision.id);
    memcpy(decision.input_digest, ask->digest, sizeof decision.input_digest);
    const char *label = verdict_label(ask->function);
    metric_count(&decisions, label,
                 decision.failed  ? "failed"
                 : decision.allow ? "allowed"
                                  : "denied");
    metric_observe_us(metric_series(&decision_seconds, label, NULL),
                      clock_mono_us() - ask->asked_us);
    ask->done(ask->arg, &decision);
    ask_free(ask);
}

static void on_answer(void *arg, enum cell_end end, struct slice reply)
{
    struct ask *ask = arg;
    unlink_ask(ask->pool, ask);
    ask->pool->heard_us = clock_mono_us();
    finish(ask, end, reply);
}

/* ---- which cell ---- */

static void call_cell(struct pool_cell *pool, struct ask *ask)
{
    push(pool, ask);
    ask->call = cell_call(pool->cell, WIRE_DECIDE, buf_slice(&ask->payload), on_answer,
                          ask);
}

static bool is_stuck(const struct pool_cell *pool)
{
    return pool->first != NULL &&
           clock_mono_us() - pool->heard_us > STUCK_MS * INT64_C(1000);
}

/* The first that is up and moving, else the first that is up, else the first. */
static struct pool_cell *choose(struct policy *policy)
{
    struct pool_cell *up = NULL;
    for (size_t i = 0; i < CELLS; i++) {
        struct pool_cell *pool = &policy->cells[i];
        if (!pool->up)
            continue;
        if (!is_stuck(pool))
            return pool;
        if (up == NULL)
            up = pool;
    }
    return up != NULL ? up : &policy->cells[0];
}

/* All behind the head go elsewhere; the head too when no process works on it now. */
static void relieve(struct pool_cell *stuck, struct pool_cell *spare)
{
    stuck->last = stuck->up ? &stuck->first->next : &stuck->first;
    struct ask *moved = *stuck->last;
    *stuck->last = NULL;
    while (moved != NULL) {
        struct ask *next = moved->next;
        cell_forget(stuck->cell, moved->call);
        call_cell(spare, moved);
        moved = next;
    }
}

static void on_timer(void *arg)
{
    struct policy *policy = arg;
    bool open = false;
    for (size_t i = 0; i < CELLS; i++) {
        struct pool_cell *pool = &policy->cells[i];
        struct pool_cell *spare = choose(policy);
        if (is_stuck(pool) && spare != pool && spare->up && !is_stuck(spare))
            relieve(pool, spare);
        open = open || pool->first != NULL;
    }
    policy->timer_runs = open;
    if (open)
        loop_timer_set(policy->timer, STUCK_MS);
}

void policy_keep(struct policy *policy, const json_t *part)
{
    if (policy->kept == part)
        return;
    json_decref(policy->kept);
    policy->kept = json_incref((json_t *)part);
    buf_clear(&policy->kept_text);
    json_write_sorted(part, &policy->kept_text);
}

static void write_args(const struct policy *policy, const json_t *args, struct buf *ret)
{
    size_t i;
    const json_t *part;
    buf_add_text(ret, "[");
    json_array_foreach((json_t *)args, i, part)
    {
        buf_add_text(ret, i == 0 ? "" : ",");
        if (part == policy->kept && buf_ok(&policy->kept_text))
            buf_add(ret, policy->kept_text.ptr, policy->kept_text.size);
        else
            json_write_sorted(part, ret);
    }
    buf_add_text(ret, "]");
}

/* The JSON is written once: its size is put before it when it is known. Too much of it
 * becomes no arguments at all, which the cell refuses. */
static void write_payload(const struct policy *policy, struct ask *ask)
{
    struct buf *payload = &ask->payload;
    buf_init(payload, INPUT_BYTES + sizeof ask->function + 8);
    wire_put_bytes(payload, slice_of(ask->function));
    size_t size_at = payload->size;
    wire_put_u32(payload, 0);
    size_t start = payload->size;
    write_args(policy, ask->args, payload);
    if (!buf_ok(payload)) {
        buf_clear(payload);
        wire_put_bytes(payload, slice_of(ask->function));
        wire_put_bytes(payload, SLICE_LITERAL(""));
        return;
    }
    ask->input = slice_bytes(payload->ptr + start, payload->size - start);
    uint32_t size = htole32((uint32_t)ask->input.size);
    memcpy(payload->ptr + size_at, &size, sizeof size);
}

void policy_ask(struct policy *policy, const char *function, const json_t *args,
                policy_done done, void *arg)
{
    struct ask *ask = calloc(1, sizeof *ask);
    memory_need(ask != NULL); /* Nobody could be told. */
    ask->done = done;
    ask->arg = arg;
    ask->args = json_incref((json_t *)args);
    ask->asked_us = clock_mono_us();
    int length = snprintf(ask->function, sizeof ask->function, "%s", function);
    assert(length >= 0 && (size_t)length < sizeof ask->function);
    write_payload(policy, ask);
    digest_sha256_text(ask->input, ask->digest);
    call_cell(choose(policy), ask);
    if (!policy->timer_runs) {
        policy->timer_runs = true;
        loop_timer_set(policy->timer, STUCK_MS);
    }
}

/* ---- life ---- */

static bool defines(const json_t *functions, const char *name)
{
    size_t i;
    const json_t *function;
    json_array_foreach((json_t *)functions, i,
                       function) if (strcmp(json_string_value(function), name) ==
                                     0) return true;
    return false;
}

static void note_trouble(struct policy *policy, const char *what)
{
    verdict_clean(slice_of(what), policy->trouble, sizeof policy->trouble);
}

static void on_ready(void *arg, struct slice description)
{
    struct pool_cell *pool = arg;
    struct err err = ERR_INIT;
    pool->up = true;
    json_t *about = json_read(description, &err);
    const json_t *functions = json_object_get(about, "functions");
    pool->complete = defines(functions, "authorize") && defines(functions, "route");
    note_trouble(pool->policy,
                 pool->complete ? "" : "the files do not define authorize and route");
    if (!pool->complete)
        log_line(LOG_ERROR, "policy.incomplete",
                 LOG_TEXT("reason", "the files do not define authorize and route"),
                 LOG_INT("revision", policy_image_revision(pool->policy->image)));
    json_decref(about);
}

static void on_died(void *arg, enum cell_end why, const char *reason)
{
    struct pool_cell *pool = arg;
    pool->up = false;
    note_trouble(pool->policy, reason != NULL ? reason : cell_end_name(why));
    log_line(LOG_WARN, "policy.cell_died", LOG_TEXT("end", cell_end_name(why)),
             LOG_TEXT("reason", reason),
             LOG_INT("revision", policy_image_revision(pool->policy->image)));
}

static void describe_program(struct policy *policy, const char *cell_program,
                             const struct cell_limits *limits)
{
    const struct manifest *manifest = policy->image->manifest;
    snprintf(policy->lua_bytes, ARG_SIZE, "lua_bytes=%" PRId64, limits->memory_bytes);
    snprintf(policy->instructions, ARG_SIZE, "instructions=%" PRId64,
             limits->cpu_ms * POLICY_INSTRUCTIONS_PER_MS);
    policy->args[0] = policy->lua_bytes;
    policy->args[1] = policy->instructions;
    policy->program = (struct cell_program){
        .path = cell_program,
        .name = manifest->name,
        .files = policy->image->files,
        .file_count = manifest->files_count,
        .args = policy->args,
    };
}

static bool start_cells(struct policy *policy, struct loop *loop,
                        const struct cell_limits *limits, struct err *err)
{
    for (size_t i = 0; i < CELLS; i++) {
        struct pool_cell *pool = &policy->cells[i];
        *pool = (struct pool_cell){ .policy = policy, .last = &pool->first };
        struct cell_watch watch = { .ready = on_ready, .died = on_died, .arg = pool };
        pool->cell = cell_create(loop, &policy->program, limits, &watch, err);
        if (pool->cell == NULL)
            return err_wrap(err, "starting a policy cell");
    }
    return true;
}

struct policy *policy_create(struct loop *loop, struct policy_image *image,
                             const char *cell_program, const struct cell_limits *limits,
                             struct err *err)
{
    struct policy *policy = calloc(1, sizeof *policy);
    if (policy == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for a policy");
        return NULL;
    }
    policy->image = policy_image_keep(image);
    buf_init(&policy->kept_text, INPUT_BYTES);
    describe_program(policy, cell_program, limits);
    policy->timer = loop_timer_create(loop, on_timer, policy);
    if (policy->timer == NULL)
        err_set(err, ERR_UNAVAILABLE, "no memory for a policy's timer");
    if (policy->timer == NULL || !start_cells(policy, loop, limits, err))
        policy_destroy(&policy);
    return policy;
}

void policy_destroy(struct policy **policy)
{
    if (*policy == NULL)
        return;
    for (size_t i = 0; i < CELLS; i++)
        if ((*policy)->cells[i].cell != NULL)
            cell_destroy(&(*policy)->cells[i].cell);
    loop_timer_destroy(&(*policy)->timer);
    json_decref((*policy)->kept);
    buf_finish(&(*policy)->kept_text);
    policy_image_drop(&(*policy)->image);
    free(*policy);
    *policy = NULL;
}

bool policy_is_ready(const struct policy *policy)
{
    for (size_t i = 0; i < CELLS; i++)
        if (policy->cells[i].up && policy->cells[i].complete)
            return true;
    return false;
}

const char *policy_trouble(const struct policy *policy)
{
    return policy->trouble;
}

bool policy_is_idle(const struct policy *policy)
{
    for (size_t i = 0; i < CELLS; i++)
        if (policy->cells[i].first != NULL)
            return false;
    return true;
}
