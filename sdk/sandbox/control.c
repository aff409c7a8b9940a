#include "control.h"

#include <string.h>

#include "base/json.h"
#include "fault.h"
#include "ledger.h"

enum { LEDGER_BYTES_MOST = 1 << 30, SHORT_BYTES = 64 << 20 };

static void answer(struct http_exchange *exchange, int status, const char *type,
                   struct slice body)
{
    const struct http_field field = { SLICE_LITERAL("Content-Type"), slice_of(type) };
    const struct http_reply reply = { .status = status,
                                      .fields = &field,
                                      .field_count = 1,
                                      .body = body,
                                      .no_compress = true };
    http_answer(exchange, &reply);
}

void control_answer(struct http_exchange *exchange, int status, json_t *json)
{
    struct buf body;
    buf_init(&body, SHORT_BYTES);
    json_write(json, &body);
    answer(exchange, status, "application/json", buf_slice(&body));
    buf_finish(&body);
    json_decref(json);
}

static void answer_message(struct http_exchange *exchange, int status,
                           const char *message)
{
    json_t *json = json_object();
    json_put_text(json, "message", message);
    control_answer(exchange, status, json);
}

static uint64_t after_of(struct slice query)
{
    uint64_t after = 0;
    while (query.size > 0) {
        struct slice value = slice_cut(&query, '&');
        if (slice_is(slice_cut(&value, '='), "after"))
            slice_u64(value, &after);
    }
    return after;
}

static void show_ledger(struct sandbox *sandbox, struct http_exchange *exchange)
{
    struct buf body;
    buf_init(&body, LEDGER_BYTES_MOST);
    ledger_read(sandbox->ledger, after_of(http_exchange_request(exchange)->query),
                &body);
    answer(exchange, 200, "application/x-ndjson", buf_slice(&body));
    buf_finish(&body);
}

static void show_faults(struct sandbox *sandbox, struct http_exchange *exchange)
{
    control_answer(exchange, 200, faults_list(sandbox->faults));
}

static void add_fault(struct sandbox *sandbox, struct http_exchange *exchange)
{
    struct err err = ERR_INIT;
    json_t *json = json_read(http_exchange_request(exchange)->body, &err);
    if (json != NULL && faults_add(sandbox->faults, json, &err))
        show_faults(sandbox, exchange);
    else
        answer_message(exchange, 400, err.text);
    json_decref(json);
}

static void clear_faults(struct sandbox *sandbox, struct http_exchange *exchange)
{
    faults_clear(sandbox->faults);
    show_faults(sandbox, exchange);
}

static void set_callback(struct sandbox *sandbox, struct http_exchange *exchange)
{
    json_t *json = json_read(http_exchange_request(exchange)->body, NULL);
    const char *url = json_text(json, "url");
    if (url != NULL && slice_copy(slice_of(url), sandbox->callback, SANDBOX_URL_SIZE))
        control_answer(exchange, 200, json_deep_copy(json));
    else
        answer_message(exchange, 400, "expected {\"url\":\"https://...\"}");
    json_decref(json);
}

static void show_health(struct sandbox *sandbox, struct http_exchange *exchange)
{
    json_t *json = json_object();
    json_put_text(json, "side", sandbox->options->side);
    json_put_int(json, "ledger", (int64_t)ledger_last(sandbox->ledger));
    control_answer(exchange, 200, json);
}

static const struct {
    const char *method;
    const char *path;
    void (*serve)(struct sandbox *sandbox, struct http_exchange *exchange);
} routes[] = {
    { "GET", "/sandbox/ledger", show_ledger },
    { "GET", "/sandbox/faults", show_faults },
    { "POST", "/sandbox/faults", add_fault },
    { "DELETE", "/sandbox/faults", clear_faults },
    { "POST", "/sandbox/callback", set_callback },
    { "GET", "/sandbox/health", show_health },
};

void control_serve(struct sandbox *sandbox, const struct sandbox_side *side,
                   void *state, struct http_exchange *exchange)
{
    const struct http_request *request = http_exchange_request(exchange);
    bool is_ours = slice_starts(request->path, "/sandbox/");
    if (!is_ours && side->serve != NULL) {
        side->serve(state, exchange);
        return;
    }
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (slice_is(request->method, routes[i].method) &&
            slice_is(request->path, routes[i].path)) {
            routes[i].serve(sandbox, exchange);
            return;
        }
    }
    if (!is_ours || !side->control(state, exchange))
        answer_message(exchange, 404, "no such route");
}
