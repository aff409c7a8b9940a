/* A carrier's call: asked of the adapter's cell, its facts stored in one transaction,
 * and only then answered. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "cell/step_codec.h"
#include "order/engine_state.h"
#include "order/fact.h"

enum { REQUEST_LIMIT_BYTES = 20 << 20, NAME_SIZE = 64 };

struct inbound {
    struct engine *engine;
    char adapter[NAME_SIZE];
    struct arena *arena; /* The request's copy, then the response's. */
    struct esim_request request;
    struct esim_response response;
    struct loop *reply_to;
    engine_inbound_done done;
    void *arg;
    struct err err;
    struct txn txn;
    struct loop_job job;
};

static struct esim_bytes keep(struct inbound *inbound, struct slice bytes)
{
    return (struct esim_bytes){ arena_copy(inbound->arena, bytes.ptr, bytes.size),
                                bytes.size };
}

static struct esim_bytes keep_bytes(struct inbound *inbound, struct esim_bytes bytes)
{
    return keep(inbound, slice_bytes(bytes.ptr, bytes.size));
}

/* ---- back on the caller's thread ---- */

static void deliver(void *arg)
{
    struct inbound *inbound = arg;
    const struct esim_response *response = &inbound->response;
    size_t count = response->header_count;
    struct http_field *fields = arena_alloc(inbound->arena,
                                            (count + 1) * sizeof *fields);
    memory_need(fields != NULL);
    for (size_t i = 0; i < count; i++)
        fields[i] = (struct http_field){
            slice_bytes(response->headers[i].name.ptr, response->headers[i].name.size),
            slice_bytes(response->headers[i].value.ptr,
                        response->headers[i].value.size),
        };
    struct http_reply reply = {
        .status = response->status,
        .fields = fields,
        .field_count = count,
        .body = slice_bytes(response->body.ptr, response->body.size),
    };
    bool ok = inbound->err.code == ERR_NONE;
    inbound->done(inbound->arg, ok ? &reply : NULL, ok ? NULL : &inbound->err);
    arena_destroy(&inbound->arena);
    free(inbound);
}

static void answer(struct inbound *inbound)
{
    inbound->job = (struct loop_job){ .run = deliver, .arg = inbound };
    loop_post(inbound->reply_to, &inbound->job);
}

/* ---- on the engine's ---- */

static bool run_facts(struct db *db, void *arg, struct err *err)
{
    struct inbound *inbound = arg;
    const struct outbox_origin origin = {
        .adapter = inbound->adapter,
        .most = settings_int(inbound->engine->parts.settings, SET_MESSAGE_QUEUE)
    };
    for (uint64_t i = 0; i < inbound->response.fact_count; i++)
        if (!fact_store(db, inbound->engine->parts.sealer, &origin,
                        &inbound->response.facts[i], err))
            return err_wrap(err, "fact %llu", (unsigned long long)i);
    return true;
}

static void facts_done(void *arg, bool ok, const struct err *err)
{
    struct inbound *inbound = arg;
    if (!ok)
        inbound->err = *err;
    answer(inbound);
}

static void keep_response(struct inbound *inbound, const struct esim_response *from)
{
    struct esim_response *to = &inbound->response;
    struct esim_header *headers = arena_alloc(inbound->arena, (from->header_count + 1) *
                                                                  sizeof *headers);
    struct esim_fact *facts = arena_alloc(inbound->arena,
                                          (from->fact_count + 1) * sizeof *facts);
    memory_need(headers != NULL && facts != NULL);
    for (uint64_t i = 0; i < from->header_count; i++)
        headers[i] = (struct esim_header){ keep_bytes(inbound, from->headers[i].name),
                                           keep_bytes(inbound,
                                                      from->headers[i].value) };
    for (uint64_t i = 0; i < from->fact_count; i++)
        facts[i] = (struct esim_fact){ keep_bytes(inbound, from->facts[i].kind),
                                       keep_bytes(inbound, from->facts[i].key),
                                       keep_bytes(inbound, from->facts[i].id),
                                       keep_bytes(inbound, from->facts[i].data) };
    *to = *from;
    to->headers = headers;
    to->facts = facts;
    to->body = keep_bytes(inbound, from->body);
}

static void on_response(void *arg, const struct esim_response *response,
                        enum cell_end end, const char *reason)
{
    struct inbound *inbound = arg;
    if (response == NULL) {
        err_set(&inbound->err, ERR_UNAVAILABLE, "the adapter's cell: %s: %.200s",
                cell_end_name(end), reason);
        answer(inbound);
        return;
    }
    keep_response(inbound, response);
    if (response->fact_count == 0) {
        answer(inbound);
        return;
    }
    inbound->txn = (struct txn){ .run = run_facts,
                                 .done = facts_done,
                                 .arg = inbound,
                                 .reply_to = inbound->engine->loop };
    store_write(inbound->engine->parts.store, &inbound->txn);
}

static void begin(void *arg)
{
    struct inbound *inbound = arg;
    struct engine *engine = inbound->engine;
    struct adapter *adapter = engine->stopping
                                  ? NULL
                                  : engine_adapter(engine, inbound->adapter);
    if (adapter == NULL) {
        err_set(&inbound->err, ERR_UNAVAILABLE, "no adapter %s serves now",
                inbound->adapter);
        answer(inbound);
        return;
    }
    const struct adapter_view *view = adapter_conf_view(adapter_conf_of(adapter), "");
    inbound->request.now_ms = clock_wall_ms();
    inbound->request.settings = keep(inbound, slice_of(view->settings));
    inbound->request.secrets = keep(inbound, slice_of(view->secrets));
    adapter_inbound(adapter, &inbound->request, on_response, inbound);
}

static void keep_request(struct inbound *inbound, const struct http_request *request,
                         const char *path)
{
    struct esim_header *headers = arena_alloc(
        inbound->arena, (request->field_count + 1) * sizeof *headers);
    memory_need(headers != NULL);
    for (size_t i = 0; i < request->field_count; i++)
        headers[i] = (struct esim_header){ keep(inbound, request->fields[i].name),
                                           keep(inbound, request->fields[i].value) };
    inbound->request = (struct esim_request){
        .size = sizeof inbound->request,
        .method = keep(inbound, request->method),
        .path = keep(inbound, slice_of(path)),
        .headers = headers,
        .header_count = request->field_count,
        .body = keep(inbound, request->body),
    };
}

void engine_inbound(struct engine *engine, const char *adapter,
                    const struct http_request *request, const char *path,
                    struct loop *reply_to, engine_inbound_done done, void *arg)
{
    struct inbound *inbound = calloc(1, sizeof *inbound);
    memory_need(inbound != NULL);
    inbound->engine = engine;
    inbound->reply_to = reply_to;
    inbound->done = done;
    inbound->arg = arg;
    inbound->arena = arena_create(REQUEST_LIMIT_BYTES);
    memory_need(inbound->arena != NULL);
    keep_request(inbound, request, path);
    bool fits = slice_copy(slice_of(adapter), inbound->adapter,
                           sizeof inbound->adapter);
    inbound->job = (struct loop_job){ .run = begin, .arg = inbound };
    if (fits) {
        loop_post(engine->loop, &inbound->job);
        return;
    }
    err_set(&inbound->err, ERR_NOT_FOUND, "no adapter of that name");
    answer(inbound);
}
