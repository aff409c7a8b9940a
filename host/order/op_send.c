#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/metric.h"
#include "cell/step_codec.h"
#include "order/op_state.h"

enum { URL_SIZE = 4096, NAME_SIZE = 64, ARENA_LIMIT_BYTES = 10 << 20, OWN_FIELDS = 1 };

/* Servers close idle connections after five seconds or more: well before that one is not
 * likely to be dead, and a once exchange must not be lost to a dead one. */
enum { ONCE_KEPT_S = 3 };

static struct metric exchanges_total = { .kind = METRIC_COUNTER,
                                         .name = "esimd_exchanges_total",
                                         .help = "HTTP exchanges with carriers by end.",
                                         .label = "adapter",
                                         .label2 = "end" };
static struct metric exchange_seconds = { .kind = METRIC_HISTOGRAM,
                                          .name = "esimd_exchange_seconds",
                                          .help = "From sending to the whole reply.",
                                          .label = "adapter" };

static bool copy_bytes(struct esim_bytes bytes, char *ret, size_t size)
{
    return slice_copy(slice_bytes(bytes.ptr, bytes.size), ret, size);
}

/* Only what goes into a request line unchanged. */
static bool is_token(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

bool op_may_ask(const struct op *op, const struct esim_answer *answer, struct err *err)
{
    const struct esim_ask *ask = &answer->ask;
    const struct manifest *manifest = adapter_manifest(op->adapter);
    char name[NAME_SIZE], path[URL_SIZE], method[16];
    if (!copy_bytes(ask->endpoint, name, sizeof name) ||
        manifest_endpoint_of(manifest, name) == NULL)
        return err_set(
            err, ERR_DENIED, "the manifest of %s declares no endpoint \"%.60s\"",
            manifest->name, ask->endpoint.size < NAME_SIZE ? name : "(too long)");
    const struct adapter_place *place = adapter_view_place(op->view, name);
    if (place == NULL)
        return err_set(err, ERR_DENIED,
                       "endpoint %s of %s has no URL in its configuration", name,
                       manifest->name);
    if (!copy_bytes(ask->path, path, sizeof path))
        return err_set(err, ERR_DENIED, "the path asked for is longer than %d bytes",
                       URL_SIZE - 1);
    if (!copy_bytes(ask->method, method, sizeof method) || !is_token(method))
        return err_set(err, ERR_DENIED, "the method asked for is none");
    const char *looks = op_only_looks(op);
    if (looks != NULL && ask->repeat != ESIM_SAFE)
        return err_set(err, ERR_DENIED, "%s may only ask exchanges that are safe",
                       looks);
    return manifest_allows(manifest_endpoint_of(manifest, name), place->scheme,
                           place->host, place->port, path, err);
}

static void lost(struct op *op, enum http_end end, const struct err *err)
{
    if (err->code == ERR_UNAUTHORISED) {
        op_note_refused(op, err->text);
        op_unauthorised(op, err->text, NULL);
        return;
    }
    adapter_note_problem(op->adapter, end == HTTP_NOT_SENT ? "not_sent" : "no_answer");
    char *problem = op_problem(end == HTTP_NOT_SENT ? "not_sent" : "no_answer",
                               err->text, NULL);
    struct op_retry retry = { .event = OUTBOX_RESEND,
                              .keep_action = true,
                              .never_left = end == HTTP_NOT_SENT,
                              .after_ms = -1,
                              .problem = problem,
                              .reason = err->text };
    if (end == HTTP_NOT_SENT || op->repeat != ESIM_ONCE)
        op_retry(op, &retry);
    else
        op_step(op, ESIM_QUERY, NULL);
    free(problem);
}

static struct esim_bytes keep(struct op *op, struct slice bytes)
{
    return (struct esim_bytes){ arena_copy(op->reply_arena, bytes.ptr, bytes.size),
                                bytes.size };
}

static struct esim_header *keep_headers(struct op *op, const struct http_field *fields,
                                        size_t count)
{
    struct esim_header *headers = arena_alloc(op->reply_arena,
                                              (count + 1) * sizeof *headers);
    memory_need(headers != NULL);
    for (size_t i = 0; i < count; i++)
        headers[i] = (struct esim_header){ keep(op, fields[i].name),
                                           keep(op, fields[i].value) };
    return headers;
}

/* The reply is kept until the flow has read it: a cell may die over it. */
static void replied(struct op *op, int status, const struct http_field *fields,
                    size_t field_count, struct slice body)
{
    op_forget_reply(op);
    op->reply_arena = arena_create(ARENA_LIMIT_BYTES);
    memory_need(op->reply_arena != NULL);
    op->reply = (struct esim_reply){
        .size = sizeof op->reply,
        .status = status,
        .headers = keep_headers(op, fields, field_count),
        .header_count = field_count,
        .body = keep(op, body),
    };
    assert(op->reply.body.ptr != NULL);
    op_step(op, ESIM_REPLY, &op->reply);
}

static void on_http(void *arg, enum http_end end, int status,
                    const struct http_field *fields, size_t field_count,
                    struct slice body, const struct err *err)
{
    static const char *const names[] = { "replied", "not_sent", "maybe_sent" };
    struct op *op = arg;
    const char *adapter = adapter_manifest(op->adapter)->name;
    op->call = NULL;
    bool answered = end == HTTP_REPLIED ? status < 502 || status > 504
                                        : err->code == ERR_UNAUTHORISED;
    breaker_note(op->breaker, answered, clock_wall_ms());
    if (op->view->tenant[0] == '\0')
        adapter_note_connection(op->adapter, answered);
    metric_count(&exchanges_total, adapter, names[end]);
    metric_observe_us(metric_series(&exchange_seconds, adapter, NULL),
                      clock_mono_us() - op->sent_us);
    if (end == HTTP_REPLIED && status == 401 && op_reauthorise(op))
        return;
    op->reauthorised = false;
    if (end == HTTP_REPLIED)
        replied(op, status, fields, field_count, body);
    else
        lost(op, end, err);
}

static bool is_ours(struct esim_bytes name)
{
    static const char *const ours[] = {
        "host", "content-length",    "connection", "traceparent", "authorization",
        "te",   "transfer-encoding", "expect"
    };
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (slice_is_nocase(slice_bytes(name.ptr, name.size), ours[i]))
            return true;
    return false;
}

/* The adapter's fields without those that are the host's, and the trace. */
static struct http_field *fields_of(const struct op *op, const struct esim_ask *ask,
                                    struct arena *arena, size_t *ret_count)
{
    size_t count = 0;
    struct http_field *fields = arena_alloc(arena, (ask->header_count + OWN_FIELDS) *
                                                       sizeof *fields);
    for (uint64_t i = 0; fields != NULL && i < ask->header_count; i++)
        if (!is_ours(ask->headers[i].name))
            fields[count++] = (struct http_field){
                slice_bytes(ask->headers[i].name.ptr, ask->headers[i].name.size),
                slice_bytes(ask->headers[i].value.ptr, ask->headers[i].value.size),
            };
    if (fields != NULL && op->claim->order.trace[0] != '\0')
        fields[count++] = (struct http_field){ SLICE_LITERAL("traceparent"),
                                               slice_of(op->claim->order.trace) };
    *ret_count = count;
    return fields;
}

static void wait_for_breaker(struct op *op, int64_t again_ms)
{
    struct outbox_wait wait = { .due_ms = again_ms,
                                .event = OUTBOX_RESEND,
                                .keep_action = true,
                                .count = OUTBOX_REFUND };
    op_store_wait(op, &wait, ORDER_EV_DEFERRED,
                  "the carrier does not answer; its breaker is open");
}

static void start_call(struct op *op, const struct esim_ask *ask,
                       const struct adapter_place *place, struct arena *arena)
{
    const struct manifest *manifest = adapter_manifest(op->adapter);
    char url[URL_SIZE + sizeof place->base], method[16];
    struct err err = ERR_INIT;
    size_t count = 0;
    struct http_field *fields = fields_of(op, ask, arena, &count);
    bool fits = copy_bytes(ask->method, method, sizeof method);
    int length = snprintf(url, sizeof url, "%s%.*s", place->base, (int)ask->path.size,
                          ask->path.ptr);
    assert(fits && fields != NULL && length > 0 && length < (int)sizeof url);
    int64_t timeout_ms = manifest->timeout_ms;
    if (ask->timeout_ms > 0 && ask->timeout_ms < timeout_ms)
        timeout_ms = ask->timeout_ms;
    struct http_outgoing outgoing = {
        .method = method,
        .url = url,
        .fields = fields,
        .field_count = count,
        .body = slice_bytes(ask->body.ptr, ask->body.size),
        .identity = &op->identity,
        .connect_ms = timeout_ms,
        .timeout_ms = timeout_ms,
        .reply_bytes = (size_t)manifest->reply_bytes,
        .kept_within_s = ask->repeat == ESIM_ONCE ? ONCE_KEPT_S : 0,
    };
    op->sent_us = clock_mono_us();
    op->call = http_send(op->engine->client, &outgoing, on_http, op, &err);
    if (op->call == NULL) {
        breaker_note(op->breaker, false, clock_wall_ms());
        lost(op, HTTP_NOT_SENT, &err);
    }
}

/* The configuration may have changed since the action was stored. */
static void exchange(struct op *op, const struct esim_answer *answer,
                     struct arena *arena)
{
    struct err err = ERR_INIT;
    char name[NAME_SIZE] = "";
    int64_t again_ms = 0;
    bool sound = copy_bytes(answer->ask.endpoint, name, sizeof name);
    const struct adapter_place *place = sound ? adapter_view_place(op->view, name)
                                              : NULL;
    if (place == NULL || !op_may_ask(op, answer, &err)) {
        op_store_hold(op, NULL,
                      err.code == ERR_NONE ? "the endpoint is gone" : err.text);
        return;
    }
    op->repeat = answer->ask.repeat;
    if (!op_authorise(op, place))
        return;
    op->breaker = adapter_breaker(op->adapter, op->claim->order.tenant, name);
    if (breaker_allows(op->breaker, clock_wall_ms(), &again_ms))
        start_call(op, &answer->ask, place, arena);
    else
        wait_for_breaker(op, again_ms);
}

void op_send(struct op *op)
{
    struct esim_answer answer;
    struct err err = ERR_INIT;
    struct arena *arena = arena_create(ARENA_LIMIT_BYTES);
    memory_need(arena != NULL);
    bool sound = answer_decode(buf_slice(&op->action), arena, &answer, &err);
    if (sound && !op->let_through && op_is_stopped(op))
        goto out;
    op->let_through = true;
    if (sound && answer.action == ESIM_ASK)
        exchange(op, &answer, arena);
    else if (sound && answer.action == ESIM_SEND)
        op_submit(op, &answer);
    else
        op_store_hold(op, NULL, sound ? "the stored action cannot be sent" : err.text);
out:
    arena_destroy(&arena);
}
