/* The Graph side: reads a request, checks its token, asks what fault is due, carries it
 * out, records it, and answers as Graph does. */
#include "graph.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "delay.h"
#include "fault.h"
#include "ledger.h"

enum { REPLY_BYTES = 8 << 20, FIELDS_MOST = 3, TEXT_KEPT = 128 };

static const char noise[] = "\x01\x02{\"value\":[\xFF\xFE";

struct graph_reply graph_ok(json_t *body)
{
    return (struct graph_reply){ .status = 200, .body = body };
}

struct graph_reply graph_made(json_t *body)
{
    return (struct graph_reply){ .status = 201, .body = body };
}

struct graph_reply graph_none(void)
{
    return (struct graph_reply){ .status = 204 };
}

struct graph_reply graph_no(int status, const char *code)
{
    return (struct graph_reply){ .status = status, .code = code };
}

/* ---- what there is ---- */

static const char *new_id(struct graph *graph, char ret[GRAPH_ID_SIZE])
{
    graph->made++;
    int length = snprintf(ret, GRAPH_ID_SIZE, "00000000-0000-4000-8000-%012llx",
                          (unsigned long long)graph->made & 0xffffffffffffULL);
    assert(length == 36);
    return ret;
}

json_t *graph_make(struct graph *graph, json_t *map, const char **ret_id)
{
    char id[GRAPH_ID_SIZE], now[CLOCK_TEXT_SIZE];
    json_t *made = json_object();
    clock_text(clock_wall_ms(), now);
    json_put_text(made, "id", new_id(graph, id));
    json_put_text(made, "createdDateTime", now);
    if (json_object_set_new(map, id, made) != 0)
        return NULL;
    *ret_id = json_text(made, "id");
    return made;
}

json_t *graph_shown(const json_t *item)
{
    json_t *shown = json_object();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)item, key, value)
    {
        if (key[0] != '_')
            json_object_set(shown, key, value);
    }
    return shown;
}

static int64_t number_of(const char *text, int64_t otherwise)
{
    uint64_t number = 0;
    return text != NULL && slice_u64(slice_of(text), &number) && number < 100000000
               ? (int64_t)number
               : otherwise;
}

static void put_next(const struct graph_call *call, json_t *body, int64_t next)
{
    const char *filter = graph_query(call, "$filter");
    json_object_set_new(
        body, "@odata.nextLink",
        json_sprintf("%s%.*s?$skiptoken=%lld%s%s", call->root, (int)call->path.size,
                     call->path.ptr, (long long)next,
                     filter == NULL ? "" : "&$filter=lastSyncDateTime%20ge%20",
                     filter == NULL ? "" : strrchr(filter, ' ') + 1));
}

struct graph_reply graph_page(const struct graph_call *call, const json_t *map,
                              bool (*keep)(const json_t *item, const void *arg),
                              const void *arg)
{
    int64_t from = number_of(graph_query(call, "$skiptoken"), 0);
    int64_t most = number_of(graph_query(call, "$top"), GRAPH_PAGE), at = 0;
    json_t *items = json_array(), *body = json_object();
    const char *key;
    json_t *item;
    json_object_set_new(body, "value", items);
    json_object_foreach((json_t *)map, key, item)
    {
        if (keep != NULL && !keep(item, arg))
            continue;
        if (at++ < from)
            continue;
        if ((int64_t)json_array_size(items) == most) {
            put_next(call, body, from + most);
            break;
        }
        json_array_append_new(items, graph_shown(item));
    }
    return graph_ok(body);
}

json_t *graph_error_body(struct graph *graph, const char *code)
{
    char id[GRAPH_ID_SIZE];
    /* Both spellings occur at Graph. */
    const char *inner = graph->made % 2 == 0 ? "innerError" : "innererror";
    return json_pack("{s{sssss{ss}}}", "error", "code", code, "message",
                     "The sandbox says no.", inner, "request-id", new_id(graph, id));
}

/* ---- one request ---- */

static void record(const struct graph *graph, const struct graph_call *call,
                   const struct graph_reply *reply, const struct fault *fault)
{
    bool is_get = slice_is(call->method, "GET");
    json_t *line = json_object();
    json_put_text(line, "function",
                  call->operation == NULL ? "none" : call->operation->name);
    json_object_set_new(line, "path",
                        json_stringn(call->path.ptr, call->path.size < TEXT_KEPT
                                                         ? call->path.size
                                                         : TEXT_KEPT));
    json_put_int(line, "status", reply->status);
    json_put_text(line, "code", reply->code);
    if (fault->kind != FAULT_NONE)
        json_put_text(line, "fault", fault_name(fault->kind));
    json_object_set_new(
        line, "effect",
        json_boolean(!is_get && reply->status < 300 && fault->has_effect));
    ledger_add(graph->sandbox->ledger, "request", line);
}

static void record_refused(const struct graph *graph, const struct graph_call *call,
                           const char *why)
{
    ledger_add(graph->sandbox->ledger, "refused",
               json_pack("{ssss}", "function", call->operation->name, "member", why));
}

/* What the fault makes of it: with an effect, it has been carried out. */
static struct graph_reply spoil(const struct fault *fault, struct graph_reply reply)
{
    bool is_status = fault->kind == FAULT_5XX || fault->kind == FAULT_THROTTLE;
    if (fault->kind != FAULT_REFUSE && !is_status)
        return reply;
    json_decref(reply.body);
    return (struct graph_reply){
        .status = is_status ? fault->status : 403,
        .code = is_status ? "serviceNotAvailable" : "Forbidden",
        .retry_after_s = (fault->ms + 999) / 1000,
    };
}

struct graph_reply graph_operate(struct graph *graph, struct graph_call *call,
                                 struct fault *ret_fault)
{
    const char *why = NULL;
    *ret_fault = (struct fault){ .kind = FAULT_NONE, .has_effect = true };
    if (!graph_route(call)) {
        struct graph_reply none = graph_no(404, "BadRequest");
        record(graph, call, &none, ret_fault);
        return none;
    }
    if (!graph_body_fits(call, &why)) {
        record_refused(graph, call, why);
        return graph_no(400, "BadRequest");
    }
    *ret_fault = faults_take(graph->sandbox->faults, call->operation->name);
    struct graph_reply reply = graph_none();
    if (ret_fault->has_effect)
        reply = call->operation->run(graph, call);
    record(graph, call, &reply, ret_fault);
    return spoil(ret_fault, reply);
}

/* ---- serving ---- */

static const char *body_text(struct graph *graph, struct arena *arena,
                             struct graph_reply *reply)
{
    if (reply->code != NULL)
        reply->body = graph_error_body(graph, reply->code);
    if (reply->body == NULL)
        return NULL;
    struct buf text;
    buf_init(&text, REPLY_BYTES);
    json_write(reply->body, &text);
    const char *copy = buf_ok(&text) ? arena_copy(arena, text.ptr, text.size) : NULL;
    buf_finish(&text);
    json_decref(reply->body);
    reply->body = NULL;
    return copy;
}

static void answer(struct graph *graph, struct http_exchange *exchange,
                   struct graph_reply *reply, const struct fault *fault)
{
    struct arena *arena = http_exchange_arena(exchange);
    struct http_field *fields = arena_alloc(arena, FIELDS_MOST * sizeof *fields);
    char *id = arena_alloc(arena, GRAPH_ID_SIZE);
    const char *text = body_text(graph, arena, reply);
    size_t count = 0;
    fields[count++] = (struct http_field){ SLICE_LITERAL("request-id"),
                                           slice_of(new_id(graph, id)) };
    if (text != NULL)
        fields[count++] = (struct http_field){ SLICE_LITERAL("Content-Type"),
                                               SLICE_LITERAL("application/json") };
    if (reply->retry_after_s > 0)
        fields[count++] = (struct http_field){
            SLICE_LITERAL("Retry-After"),
            slice_of(arena_format(arena, "%lld", (long long)reply->retry_after_s))
        };
    struct answer whole = { .reply = { .status = reply->status,
                                       .fields = fields,
                                       .field_count = count,
                                       .body = slice_of(text),
                                       .no_compress = true } };
    if (fault->kind == FAULT_DROP_BEFORE || fault->kind == FAULT_DROP_AFTER)
        whole.cut = ANSWER_NONE;
    else if (fault->kind == FAULT_HALF_REPLY)
        whole.cut = ANSWER_HALF;
    else if (fault->kind == FAULT_GARBAGE)
        whole.reply.body = slice_bytes(noise, sizeof noise - 1);
    int64_t slow_ms = fault->kind == FAULT_SLOW ? fault->ms : 0;
    delays_answer(graph->sandbox->delays, exchange, &whole,
                  graph->sandbox->options->latency_ms + slow_ms);
}

static void serve_token(struct graph *graph, struct http_exchange *exchange)
{
    const struct http_request *http = http_exchange_request(exchange);
    struct fault fault = faults_take(graph->sandbox->faults, "token");
    struct graph_reply reply = graph_give_token(graph, http,
                                                http_exchange_arena(exchange));
    ledger_add(graph->sandbox->ledger, "token",
               json_pack("{si}", "status", reply.status));
    if (fault.kind == FAULT_REFUSE) {
        json_decref(reply.body);
        reply = (struct graph_reply){
            .status = 401, .body = json_pack("{ss}", "error", "invalid_client")
        };
    } else {
        reply = spoil(&fault, reply);
    }
    answer(graph, exchange, &reply, &fault);
}

static void serve_call(struct graph *graph, struct http_exchange *exchange)
{
    const struct http_request *http = http_exchange_request(exchange);
    struct arena *arena = http_exchange_arena(exchange);
    struct fault fault = { .kind = FAULT_NONE };
    struct slice host = http_field_of(http->fields, http->field_count, "host");
    json_t *body = http->body.size == 0 ? NULL : json_read(http->body, NULL);
    struct graph_call call = {
        .method = http->method,
        .path = http->path,
        .query = http->query,
        .body = body,
        .root = arena_format(arena, "%s://%.*s",
                             graph->sandbox->options->is_plain ? "http" : "https",
                             (int)host.size, host.ptr),
        .arena = arena,
    };
    struct graph_reply reply;
    if (!graph_token_is_good(graph, http))
        reply = graph_no(401, "InvalidAuthenticationToken");
    else if (http->body.size > 0 && body == NULL)
        reply = graph_no(400, "BadRequest");
    else
        reply = graph_operate(graph, &call, &fault);
    answer(graph, exchange, &reply, &fault);
    json_decref(body);
}

static void serve(void *state, struct http_exchange *exchange)
{
    if (graph_is_token_path(http_exchange_request(exchange)->path))
        serve_token(state, exchange);
    else
        serve_call(state, exchange);
}

/* ---- below /sandbox/ ---- */

static struct graph_reply show_counts(const struct graph *graph)
{
    return graph_ok(json_pack("{sIsIsIsI}", "devices",
                              (json_int_t)json_object_size(graph->devices), "groups",
                              (json_int_t)json_object_size(graph->groups), "pools",
                              (json_int_t)json_object_size(graph->pools), "scripts",
                              (json_int_t)json_object_size(graph->scripts), "configs",
                              (json_int_t)json_object_size(graph->configs)));
}

/* {"outcome":"failed"}: how a device will end what it is asked; null: well. */
static struct graph_reply set_device(struct graph *graph, struct slice id,
                                     struct slice body)
{
    char text[GRAPH_ID_SIZE];
    json_t *device = slice_copy(id, text, sizeof text)
                         ? json_object_get(graph->devices, text)
                         : NULL;
    json_t *asked = json_read(body, NULL);
    struct graph_reply reply = graph_no(404, "ResourceNotFound");
    if (device != NULL && asked != NULL) {
        json_object_del(device, "_outcome");
        json_put_text(device, "_outcome", json_text(asked, "outcome"));
        reply = graph_ok(graph_shown(device));
    }
    json_decref(asked);
    return reply;
}

static bool control(void *state, struct http_exchange *exchange)
{
    struct graph *graph = state;
    const struct http_request *http = http_exchange_request(exchange);
    const struct fault none = { .kind = FAULT_NONE };
    struct slice rest = http->path;
    slice_cut(&rest, '/');
    slice_cut(&rest, '/'); /* What follows "/sandbox/". */
    struct slice noun = slice_cut(&rest, '/');
    struct graph_reply reply;
    if (slice_is(noun, "counts"))
        reply = show_counts(graph);
    else if (slice_is(noun, "devices") && slice_is(http->method, "POST"))
        reply = set_device(graph, rest, http->body);
    else
        return false;
    answer(graph, exchange, &reply, &none);
    return true;
}

/* ---- open and close ---- */

static void graph_close(void **state)
{
    struct graph *graph = *state;
    if (graph == NULL)
        return;
    json_decref(graph->devices);
    json_decref(graph->directory);
    json_decref(graph->groups);
    json_decref(graph->group_names);
    json_decref(graph->pools);
    json_decref(graph->scripts);
    json_decref(graph->configs);
    json_decref(graph->tokens);
    free(graph);
    *state = NULL;
}

static bool graph_open(struct sandbox *sandbox, void **ret_state, struct err *err)
{
    struct graph *graph = calloc(1, sizeof *graph);
    if (graph == NULL)
        return err_set(err, ERR_LIMIT, "no memory for Graph");
    graph->sandbox = sandbox;
    json_t **maps[] = { &graph->devices,     &graph->directory, &graph->groups,
                        &graph->group_names, &graph->pools,     &graph->scripts,
                        &graph->configs,     &graph->tokens };
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        *maps[i] = json_object();
    for (int64_t i = 0; i < sandbox->options->devices; i++)
        graph_add_device(graph, (uint64_t)i + 1);
    *ret_state = graph;
    return true;
}

const struct sandbox_side graph_side = {
    .name = "graph",
    .text = "Microsoft Graph: Intune's devices, eSIM pools, groups and scripts",
    .open = graph_open,
    .close = graph_close,
    .serve = serve,
    .control = control,
};
