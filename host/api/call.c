#include "api/call.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/metrics.h"
#include "api/policy_seat.h"
#include "api/worker.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

/* What a call holds beyond its memory. */
static void release(struct call *call)
{
    metrics_answered(call->route, call->params.place, call->held.status,
                     clock_mono_us() - call->started_us);
    json_decref(call->who.card);
    json_decref(call->body);
    json_decref(call->query);
    worker_call_ended(call->worker);
}

/* The last thing that happens to a call: its memory is gone afterwards. */
static void finish(struct call *call)
{
    release(call);
    http_answer(call->exchange, &call->held);
}

static void add_field(struct call *call, const char *name, const char *value)
{
    assert(call->field_count < CALL_FIELDS_MAX);
    call->fields[call->field_count++] = (struct http_field){ slice_of(name),
                                                             slice_of(value) };
}

void call_field(struct call *call, const char *name, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    char *copy = length < 0 || (size_t)length >= sizeof text
                     ? NULL
                     : arena_text(call->arena, text);
    if (copy != NULL)
        add_field(call, name, copy);
}

static bool is_secret(const struct call *call)
{
    return call->route != NULL && (call->route->flags & ROUTE_SECRET) != 0;
}

static bool has_field(const struct call *call, const char *name)
{
    return http_field_of(call->fields, call->field_count, name).ptr != NULL;
}

static void make_head(struct call *call, int status, const char *media)
{
    assert(!call->answered);
    call->answered = true;
    if (media != NULL)
        add_field(call, "Content-Type", media);
    add_field(call, "X-Request-Id", call->request_id);
    add_field(call, "traceparent", call->trace);
    add_field(call, "X-Content-Type-Options", "nosniff");
    if (!has_field(call, "Cache-Control"))
        add_field(call, "Cache-Control", "no-store");
    call->held = (struct http_reply){ .status = status,
                                      .fields = call->fields,
                                      .field_count = call->field_count,
                                      .no_compress = is_secret(call) };
}

/* The body may be the worker's buffer, so an answer that is held back copies it. */
static void answer(struct call *call, int status, const char *media, struct slice body)
{
    make_head(call, status, media);
    call->held.body = body;
    if (call->asks_open == 0) {
        finish(call);
        return;
    }
    call->held.body.ptr = arena_copy(call->arena, body.ptr, body.size);
    if (call->held.body.ptr == NULL)
        call->held.body.size = 0;
}

void call_stream_start(struct call *call, const char *media, size_t pending_bytes)
{
    assert(call->asks_open == 0);
    make_head(call, 200, media);
    call->held.no_compress = true; /* Each event must leave at once. */
    http_stream_start(call->exchange, &call->held, pending_bytes);
}

void call_stream_end(struct call *call)
{
    release(call);
    http_stream_end(call->exchange);
}

static void answer_json(struct call *call, int status, const char *media,
                        const json_t *document)
{
    struct buf *out = &call->worker->out;
    buf_clear(out);
    json_write(document, out);
    answer(call, status, media, buf_slice(out));
    if (is_secret(call) && out->ptr != NULL)
        explicit_bzero(out->ptr, out->size);
}

void call_json(struct call *call, int status, json_t *given)
{
    answer_json(call, status, "application/json", given);
    json_decref(given);
}

void call_bytes(struct call *call, int status, const char *media, struct slice body)
{
    answer(call, status, media, body);
}

void call_empty(struct call *call, int status)
{
    answer(call, status, NULL, (struct slice){ NULL, 0 });
}

static void answer_problem(struct call *call, enum problem_id id, const char *detail,
                           const struct faults *faults)
{
    char path[256];
    bool fits = slice_copy(call->request->path, path, sizeof path);
    json_t *document = problem_document(id, detail, fits ? path : NULL,
                                        call->request_id, faults);
    answer_json(call, problem_status(id), "application/problem+json", document);
    json_decref(document);
}

void call_problem(struct call *call, enum problem_id id, const char *format, ...)
{
    char text[600];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    answer_problem(call, id, length < 0 ? "" : text, NULL);
}

void call_faults(struct call *call, const struct faults *faults)
{
    char text[64];
    int length = snprintf(text, sizeof text, "%u member%s wrong", faults->count,
                          faults->count == 1 ? " is" : "s are");
    answer_problem(call, PROBLEM_INVALID, length < 0 ? "" : text, faults);
}

void call_error(struct call *call, const struct err *err)
{
    enum problem_id id = problem_of(err);
    if (id == PROBLEM_UNAVAILABLE)
        call_field(call, "Retry-After", "1");
    if (id == PROBLEM_INTERNAL) {
        log_line(LOG_ERROR, "api.failed", LOG_TEXT("route", call->route->id),
                 LOG_TEXT("request_id", call->request_id),
                 LOG_TEXT("code", err_code_name(err->code)),
                 LOG_TEXT("text", err->text));
        answer_problem(call, id, "the log of the host says more", NULL);
        return;
    }
    struct faults faults;
    faults_init(&faults, call->arena, NULL);
    if (err->field[0] != '\0')
        faults_add(&faults, err->field, "%s", err->text);
    answer_problem(call, id, err->text, &faults);
}

const char *call_header(const struct call *call, const char *name)
{
    struct slice value = http_field_of(call->request->fields,
                                       call->request->field_count, name);
    return value.ptr == NULL ? NULL : arena_copy(call->arena, value.ptr, value.size);
}

const char *call_query(const struct call *call, const char *name)
{
    return json_text(call->query, name);
}

int64_t call_query_int(const struct call *call, const char *name, int64_t otherwise)
{
    uint64_t number;
    const char *text = call_query(call, name);
    return text != NULL && slice_u64(slice_of(text), &number) ? (int64_t)number
                                                              : otherwise;
}

/* ---- the policy ---- */

struct ask {
    struct call *call;
    json_t *args;
    void (*done)(struct call *call, const struct policy_decision *decision);
};

static void on_decision(void *arg, const struct policy_decision *decision)
{
    struct ask *ask = arg;
    struct call *call = ask->call;
    json_decref(ask->args);
    call->asks_open--;
    if (!call->answered)
        ask->done(call, decision); /* The call may be gone now. */
    else if (call->asks_open == 0)
        finish(call);
}

void call_ask(struct call *call, const char *function, json_t *args,
              void (*done)(struct call *call, const struct policy_decision *decision))
{
    struct ask *ask = arena_alloc(call->arena, sizeof *ask);
    if (ask == NULL) {
        json_decref(args);
        call_problem(call, PROBLEM_TOO_LARGE, "the request needs too much memory");
        return;
    }
    *ask = (struct ask){ call, args, done };
    call->asks_open++;
    policy_ask(policy_seat_now(call->worker->policy), function, args, on_decision, ask);
}

bool call_keep_decision(struct call *call, const char *function,
                        const struct policy_decision *decision,
                        struct order_decision *ret)
{
    *ret = (struct order_decision){ .function = function,
                                    .revision = decision->revision,
                                    .allow = decision->allow };
    memcpy(ret->id, decision->id, sizeof ret->id);
    ret->input_digest = arena_text(call->arena, decision->input_digest);
    ret->reason = arena_text(call->arena,
                             decision->reason == NULL ? "" : decision->reason);
    char *input = arena_copy(call->arena, decision->input.ptr, decision->input.size);
    ret->input = slice_bytes(input, input == NULL ? 0 : decision->input.size);
    if (decision->result.size > 0)
        ret->result = arena_copy(call->arena, decision->result.ptr,
                                 decision->result.size);
    return ret->input_digest != NULL && ret->reason != NULL && input != NULL;
}

/* ---- the store ---- */

void call_write(struct call *call,
                bool (*run)(struct db *db, void *arg, struct err *err),
                void (*done)(void *arg, bool ok, const struct err *err), void *arg)
{
    struct txn *txn = arena_alloc(call->arena, sizeof *txn);
    if (txn == NULL) {
        call_problem(call, PROBLEM_TOO_LARGE, "the request needs too much memory");
        return;
    }
    *txn = (struct txn){
        .run = run, .done = done, .arg = arg, .reply_to = call->worker->loop
    };
    store_write(call->worker->shared->parts.store, txn);
}

bool call_read(struct call *call,
               bool (*run)(struct db *db, void *arg, struct err *err), void *arg)
{
    struct err err = ERR_INIT;
    if (store_read(call->worker->reader, run, arg, &err))
        return true;
    call_error(call, &err);
    return false;
}
