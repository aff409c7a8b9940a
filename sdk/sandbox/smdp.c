/* The SM-DP+ side: reads a request, asks what fault is due, carries it out, records it,
 * and answers in the words of SGP.22 v2.2 6.5. */
#include "smdp.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "delay.h"
#include "fault.h"
#include "ledger.h"

enum { REPLY_BYTES = 4096, TEXT_KEPT = 128 };

static const struct http_field reply_fields[] = {
    { SLICE_LITERAL("Content-Type"), SLICE_LITERAL("application/json") },
    { SLICE_LITERAL("X-Admin-Protocol"), SLICE_LITERAL("gsma/rsp/v2.2.0") },
};
enum { REPLY_FIELD_COUNT = sizeof reply_fields / sizeof reply_fields[0] };

static const char noise[] = "\x01\x02{\"header\":{\"functionExecutionStatus\":\xFF\xFE";

/* ---- replies ---- */

static struct answer answer_of(struct arena *arena, int status, const char *body)
{
    struct http_field *fields = arena_alloc(arena, sizeof reply_fields);
    memcpy(fields, reply_fields, sizeof reply_fields);
    return (struct answer){ .reply = { .status = status,
                                       .fields = fields,
                                       .field_count = REPLY_FIELD_COUNT,
                                       .body = slice_of(body),
                                       .no_compress = true } };
}

static const char *result_body(struct arena *arena, const struct smdp_result *result)
{
    const char *members = result->members != NULL ? result->members : "";
    if (result->subject == NULL)
        return arena_format(arena,
                            "{\"header\":{\"functionExecutionStatus\":{\"status\":"
                            "\"Executed-Success\"}}%s}",
                            members);
    return arena_format(
        arena,
        "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\","
        "\"statusCodeData\":{\"subjectCode\":\"%s\",\"reasonCode\":\"%s\","
        "\"message\":\"%s\"}}}}",
        result->subject, result->reason, result->about != NULL ? result->about : "");
}

static const char *http_error_body(struct arena *arena, const char *why)
{
    return arena_format(arena, "{\"message\":\"%s\"}", why);
}

/* An HTTP error with the fault's status and, when it says how long, Retry-After. */
static struct answer http_fault(struct arena *arena, const struct fault *fault)
{
    struct http_field *fields = arena_alloc(arena, 2 * sizeof *fields);
    size_t count = 0;
    fields[count++] = reply_fields[1];
    if (fault->ms > 0)
        fields[count++] = (struct http_field){
            SLICE_LITERAL("Retry-After"),
            slice_of(arena_format(arena, "%lld", (long long)(fault->ms + 999) / 1000))
        };
    return (struct answer){
        .reply = { .status = fault->status, .fields = fields, .field_count = count }
    };
}

/* What leaves, given what was done. */
static struct answer spoil(struct arena *arena, const struct fault *fault,
                           const struct smdp_result *result)
{
    struct answer answer = answer_of(arena, 200, result_body(arena, result));
    switch (fault->kind) {
    case FAULT_5XX:
    case FAULT_THROTTLE:
        return http_fault(arena, fault);
    case FAULT_DROP_BEFORE:
    case FAULT_DROP_AFTER:
        answer.cut = ANSWER_NONE;
        break;
    case FAULT_HALF_REPLY:
        answer.cut = ANSWER_HALF;
        break;
    case FAULT_GARBAGE:
        answer.reply.body = slice_bytes(noise, sizeof noise - 1);
        break;
    default:
        break;
    }
    return answer;
}

/* ---- the ledger's line ---- */

static void put_short(json_t *line, const char *key, const char *text)
{
    if (text != NULL)
        json_object_set_new(line, key, json_stringn(text, strnlen(text, TEXT_KEPT)));
}

static void record(const struct smdp *smdp, const struct smdp_request *request,
                   const struct smdp_result *result, const struct fault *fault)
{
    json_t *line = json_object();
    put_short(line, "function", smdp_function_name(request->function));
    put_short(line, "call_id", request->call_id);
    put_short(line, "requester", request->requester);
    put_short(line, "iccid", request->iccid);
    if (fault->kind != FAULT_NONE)
        put_short(line, "fault", fault_name(fault->kind));
    json_object_set_new(line, "carried_out", json_boolean(fault->has_effect));
    if (result->subject != NULL) {
        put_short(line, "subject", result->subject);
        put_short(line, "reason", result->reason);
        put_short(line, "about", result->about);
    }
    json_t *unknown = smdp_request_unknown(request);
    if (unknown != NULL)
        json_object_set_new(line, "unknown", unknown);
    ledger_add(smdp->sandbox->ledger, "request", line);
}

static void record_refused(const struct smdp *smdp, enum smdp_function function,
                           int status, const char *why)
{
    json_t *line = json_object();
    json_put_text(line, "function", smdp_function_name(function));
    json_put_int(line, "http", status);
    json_put_text(line, "about", why);
    ledger_add(smdp->sandbox->ledger, "refused", line);
}

/* ---- serving ---- */

static void refuse(struct smdp *smdp, struct http_exchange *exchange, int status,
                   const char *why)
{
    struct arena *arena = http_exchange_arena(exchange);
    struct answer answer = answer_of(arena, status, http_error_body(arena, why));
    delays_answer(smdp->sandbox->delays, exchange, &answer, 0);
}

static struct smdp_result carry_out(struct smdp *smdp,
                                    const struct smdp_request *request,
                                    const struct smdp_result *checked,
                                    const struct fault *fault, struct arena *arena)
{
    if (fault->kind == FAULT_REFUSE)
        return (struct smdp_result){
            .subject = arena_text(arena, fault->subject),
            .reason = arena_text(arena, fault->reason),
            .about = "on demand",
        };
    if (!fault->has_effect || checked->subject != NULL)
        return *checked;
    return smdp_execute(smdp, request, arena);
}

static void serve_function(struct smdp *smdp, struct http_exchange *exchange,
                           enum smdp_function function)
{
    struct arena *arena = http_exchange_arena(exchange);
    struct smdp_request request;
    struct smdp_result checked;
    const char *why = NULL;
    int status = smdp_request_read(http_exchange_request(exchange), function, &request,
                                   &checked, &why);
    if (status != 200) {
        record_refused(smdp, function, status, why);
        refuse(smdp, exchange, status, why);
        return;
    }
    struct fault fault = faults_take(smdp->sandbox->faults,
                                     smdp_function_name(function));
    struct smdp_result result = carry_out(smdp, &request, &checked, &fault, arena);
    record(smdp, &request, &result, &fault);
    struct answer answer = spoil(arena, &fault, &result);
    smdp_request_finish(&request);
    int64_t slow_ms = fault.kind == FAULT_SLOW ? fault.ms : 0;
    delays_answer(smdp->sandbox->delays, exchange, &answer,
                  smdp->sandbox->options->latency_ms + slow_ms);
}

static void serve(void *state, struct http_exchange *exchange)
{
    struct smdp *smdp = state;
    enum smdp_function function;
    if (smdp_function_of(http_exchange_request(exchange)->path, &function))
        serve_function(smdp, exchange, function);
    else
        refuse(smdp, exchange, 404, "no such function");
}

/* ---- below /sandbox/ ---- */

static void answer_json(struct smdp *smdp, struct http_exchange *exchange, int status,
                        const char *body)
{
    struct answer answer = answer_of(http_exchange_arena(exchange), status, body);
    delays_answer(smdp->sandbox->delays, exchange, &answer, 0);
}

static void show_profile(struct smdp *smdp, struct http_exchange *exchange,
                         struct slice iccid)
{
    struct arena *arena = http_exchange_arena(exchange);
    const struct smdp_profile *profile = smdp_stock_find(smdp->stock, iccid);
    char digits[ICCID_SIZE];
    if (profile == NULL) {
        refuse(smdp, exchange, 404, "no such profile");
        return;
    }
    smdp_iccid(smdp->stock, profile, digits);
    answer_json(smdp, exchange, 200,
                arena_format(
                    arena,
                    "{\"iccid\":\"%s\",\"profileType\":\"%s\",\"state\":\"%s\","
                    "\"eid\":\"%s\",\"matchingId\":\"%s\","
                    "\"hasConfirmationCode\":%s}",
                    digits, smdp_type_name(profile->type),
                    smdp_state_name(profile->state), profile->eid, profile->matching_id,
                    profile->confirmation[0] != '\0' ? "true" : "false"));
}

static bool count_state(void *arg, struct smdp_profile *profile)
{
    uint64_t *counts = arg;
    counts[profile->state]++;
    return true;
}

/* How many profiles there are in each state; those never ordered are not counted. */
static void show_profiles(struct smdp *smdp, struct http_exchange *exchange)
{
    uint64_t counts[SMDP_STATE_COUNT] = { 0 };
    struct buf body;
    buf_init(&body, REPLY_BYTES);
    smdp_stock_each(smdp->stock, count_state, counts);
    for (int i = 0; i < SMDP_STATE_COUNT; i++)
        buf_add_format(&body, "%s\"%s\":%llu", i == 0 ? "{" : ",",
                       smdp_state_name((enum smdp_state)i),
                       (unsigned long long)counts[i]);
    buf_add_char(&body, '}');
    answer_json(smdp, exchange, 200,
                arena_text(http_exchange_arena(exchange), body.ptr));
    buf_finish(&body);
}

static void install(struct smdp *smdp, struct http_exchange *exchange, struct slice eid)
{
    const char *body = NULL;
    int status = smdp_device_install(smdp->devices, eid,
                                     http_exchange_request(exchange)->body, &body);
    answer_json(smdp, exchange, status, body);
}

static bool control(void *state, struct http_exchange *exchange)
{
    struct smdp *smdp = state;
    const struct http_request *request = http_exchange_request(exchange);
    struct slice rest = request->path;
    slice_cut(&rest, '/');
    slice_cut(&rest, '/'); /* What follows "/sandbox/". */
    struct slice noun = slice_cut(&rest, '/');
    bool is_get = slice_is(request->method, "GET");
    if (slice_is(noun, "profiles") && is_get && rest.size == 0) {
        show_profiles(smdp, exchange);
        return true;
    }
    if (slice_is(noun, "profiles") && is_get) {
        show_profile(smdp, exchange, rest);
        return true;
    }
    struct slice eid = slice_cut(&rest, '/');
    if (slice_is(noun, "devices") && slice_is(rest, "install") &&
        slice_is(request->method, "POST")) {
        install(smdp, exchange, eid);
        return true;
    }
    return false;
}

/* ---- open and close ---- */

static void smdp_close(void **state)
{
    struct smdp *smdp = *state;
    if (smdp == NULL)
        return;
    smdp_devices_destroy(&smdp->devices);
    smdp_stock_destroy(&smdp->stock);
    free(smdp);
    *state = NULL;
}

static bool smdp_open(struct sandbox *sandbox, void **ret_state, struct err *err)
{
    static const struct option_list usual = { .items = { "P1=100000" }, .count = 1 };
    const struct sandbox_options *options = sandbox->options;
    void *state = NULL;
    bool ok = false;
    struct smdp *smdp = state = calloc(1, sizeof *smdp);
    if (smdp == NULL) {
        err_set(err, ERR_LIMIT, "no memory for the SM-DP+");
        goto out;
    }
    smdp->sandbox = sandbox;
    if (!smdp_stock_create(options->iccid_prefix,
                           options->stock.count > 0 ? &options->stock : &usual,
                           &smdp->stock, err))
        goto out;
    smdp->devices = smdp_devices_create(smdp);
    if (smdp->devices == NULL) {
        err_set(err, ERR_LIMIT, "no memory for the devices");
        goto out;
    }
    *ret_state = state;
    state = NULL; /* Given to the caller. */
    ok = true;
out:
    smdp_close(&state);
    return ok;
}

const struct sandbox_side smdp_side = {
    .name = "smdp",
    .text = "an SM-DP+ that speaks ES2+ of SGP.22 v2.2",
    .open = smdp_open,
    .close = smdp_close,
    .serve = serve,
    .control = control,
};
