/* The SOAP side: reads a message, admits its sender, asks what fault is due, carries it
 * out, records it, and answers in the version it was asked in. */
#include "soap.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "delay.h"
#include "fault.h"
#include "ledger.h"

#define SECEXT                                \
    "http://docs.oasis-open.org/wss/2004/01/" \
    "oasis-200401-wss-wssecurity-secext-1.0.xsd"

/* clang-format off */
static const struct {
    const char *space, *type, *client, *server;
    int sender_status; /* SOAP 1.1 6.2; SOAP 1.2 Part 2 7.5.2.2. */
} words[SOAP_VERSION_COUNT] = {
    [SOAP_11] = { "http://schemas.xmlsoap.org/soap/envelope/", "text/xml; charset=utf-8",
                  "Client", "Server", 500 },
    [SOAP_12] = { "http://www.w3.org/2003/05/soap-envelope",
                  "application/soap+xml; charset=utf-8", "Sender", "Receiver", 400 },
};
/* clang-format on */

static const char noise[] = "\x01\x02<soap:Envelope\xFF\xFE";

/* ---- replies ---- */

static struct answer answer_of(struct arena *arena, int status, const char *type,
                               const char *body)
{
    struct http_field *field = arena_alloc(arena, sizeof *field);
    *field = (struct http_field){ SLICE_LITERAL("Content-Type"), slice_of(type) };
    return (struct answer){ .reply = { .status = status,
                                       .fields = field,
                                       .field_count = 1,
                                       .body = slice_of(body),
                                       .no_compress = true } };
}

static struct answer envelope(struct arena *arena, enum soap_version version,
                              int status, const char *content)
{
    return answer_of(arena, status, words[version].type,
                     arena_format(arena,
                                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                  "<s:Envelope xmlns:s=\"%s\"><s:Body>%s</s:Body>"
                                  "</s:Envelope>",
                                  words[version].space, content));
}

static struct answer response(struct arena *arena, const struct soap_message *message,
                              const struct soap_result *result)
{
    const char *name = soap_operation_name(message->operation);
    const char *content = result->content != NULL ? result->content : "";
    return envelope(arena, message->version, 200,
                    arena_format(arena,
                                 "<c:%sResponse xmlns:c=\"" SOAP_CONTRACT
                                 "\"><c:result><c:code>%s"
                                 "</c:code></c:result>%s</c:%sResponse>",
                                 name, result->code, content, name));
}

static const char *fault_11(struct arena *arena, const struct soap_refusal *refusal,
                            const char *detail)
{
    const char *code = refusal->subcode != NULL
                           ? arena_format(arena, "<faultcode xmlns:w=\"%s\">w:%s",
                                          SECEXT, refusal->subcode)
                           : arena_format(arena, "<faultcode>s:%s", refusal->code);
    return arena_format(arena,
                        "<s:Fault>%s</faultcode><faultstring>%s</faultstring>%s%s%s"
                        "</s:Fault>",
                        code, refusal->about, detail[0] != '\0' ? "<detail>" : "",
                        detail, detail[0] != '\0' ? "</detail>" : "");
}

static const char *fault_12(struct arena *arena, const struct soap_refusal *refusal,
                            const char *detail)
{
    bool is_client = strcmp(refusal->code, words[SOAP_11].client) == 0;
    bool is_server = strcmp(refusal->code, words[SOAP_11].server) == 0;
    const char *code = is_client   ? words[SOAP_12].client
                       : is_server ? words[SOAP_12].server
                                   : refusal->code;
    const char *subcode = refusal->subcode == NULL
                              ? ""
                              : arena_format(arena,
                                             "<s:Subcode><s:Value xmlns:w=\"%s\">w:%s"
                                             "</s:Value></s:Subcode>",
                                             SECEXT, refusal->subcode);
    return arena_format(
        arena,
        "<s:Fault><s:Code><s:Value>s:%s</s:Value>%s</s:Code><s:Reason><s:Text "
        "xml:lang=\"en\">%s</s:Text></s:Reason>%s%s%s</s:Fault>",
        code, subcode, refusal->about, detail[0] != '\0' ? "<s:Detail>" : "", detail,
        detail[0] != '\0' ? "</s:Detail>" : "");
}

/* `code`: of the contract, for the detail; NULL: none. */
static struct answer fault_answer(struct arena *arena, enum soap_version version,
                                  const struct soap_refusal *refusal, const char *code)
{
    const char *detail = code == NULL
                             ? ""
                             : arena_format(arena,
                                            "<c:carrierFault xmlns:c=\"" SOAP_CONTRACT
                                            "\"><c:code>%s</c:code></c:carrierFault>",
                                            code);
    bool is_client = strcmp(refusal->code, words[SOAP_11].client) == 0;
    return envelope(arena, version, is_client ? words[version].sender_status : 500,
                    version == SOAP_11 ? fault_11(arena, refusal, detail)
                                       : fault_12(arena, refusal, detail));
}

/* ---- the ledger's lines ---- */

static void record(const struct soap *soap, const struct soap_message *message,
                   const struct soap_result *result, const struct fault *fault)
{
    json_t *line = json_object();
    json_put_text(line, "function", soap_operation_name(message->operation));
    json_put_text(line, "request_id", message->values[SOAP_REQUEST_ID]);
    json_put_text(line, "reference", message->values[SOAP_REFERENCE]);
    json_put_text(line, "iccid", message->values[SOAP_ICCID]);
    json_put_text(line, "msisdn", message->values[SOAP_MSISDN]);
    json_put_text(line, "code", result->code);
    if (fault->kind != FAULT_NONE)
        json_put_text(line, "fault", fault_name(fault->kind));
    json_object_set_new(line, "carried_out", json_boolean(fault->has_effect));
    ledger_add(soap->sandbox->ledger, "request", line);
}

static void record_refused(const struct soap *soap, const struct soap_refusal *refusal)
{
    json_t *line = json_object();
    json_put_text(line, "about", refusal->about);
    json_put_text(line, "code", refusal->code);
    if (refusal->http != 0)
        json_put_int(line, "http", refusal->http);
    ledger_add(soap->sandbox->ledger, "refused", line);
}

/* ---- serving ---- */

static void refuse(struct soap *soap, struct http_exchange *exchange,
                   enum soap_version version, const struct soap_refusal *refusal)
{
    struct arena *arena = http_exchange_arena(exchange);
    struct answer answer = refusal->http != 0
                               ? answer_of(arena, refusal->http, "text/plain",
                                           refusal->about)
                               : fault_answer(arena, version, refusal,
                                              refusal->subcode == NULL ? "400" : "301");
    record_refused(soap, refusal);
    delays_answer(soap->sandbox->delays, exchange, &answer, 0);
}

static bool is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* refuse: `subject` is the result code; `reason` "Client" or "Server" makes a Fault. */
static struct answer refused_on_demand(struct arena *arena,
                                       const struct soap_message *message,
                                       const struct fault *fault)
{
    const char *code = is_number(fault->subject) ? arena_text(arena, fault->subject)
                                                 : "412";
    struct soap_refusal refusal = { .code = arena_text(arena, fault->reason),
                                    .about = "on demand" };
    struct soap_result result = { .code = code };
    bool is_fault = strcmp(fault->reason, words[SOAP_11].client) == 0 ||
                    strcmp(fault->reason, words[SOAP_11].server) == 0;
    return is_fault ? fault_answer(arena, message->version, &refusal, code)
                    : response(arena, message, &result);
}

static struct answer http_fault(struct arena *arena, const struct fault *fault)
{
    struct answer answer = answer_of(arena, fault->status, "text/plain", "on demand");
    if (fault->ms <= 0)
        return answer;
    struct http_field *field = arena_alloc(arena, sizeof *field);
    *field = (struct http_field){
        SLICE_LITERAL("Retry-After"),
        slice_of(arena_format(arena, "%lld", (long long)(fault->ms + 999) / 1000))
    };
    answer.reply.fields = field;
    return answer;
}

/* What leaves, given what was done. */
static struct answer spoil(struct arena *arena, const struct soap_message *message,
                           const struct fault *fault, const struct soap_result *result)
{
    struct answer answer = response(arena, message, result);
    switch (fault->kind) {
    case FAULT_REFUSE:
        return refused_on_demand(arena, message, fault);
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

static void serve(void *state, struct http_exchange *exchange)
{
    static const struct soap_refusal stranger = { .code = "Client",
                                                  .subcode = "FailedAuthentication",
                                                  .about = "the security header" };
    struct soap *soap = state;
    struct arena *arena = http_exchange_arena(exchange);
    struct soap_message message;
    struct soap_refusal refusal;
    if (!soap_message_read(http_exchange_request(exchange), arena, &message,
                           &refusal)) {
        refuse(soap, exchange, message.version, &refusal);
        return;
    }
    if (!soap_admits(soap, &message)) {
        refuse(soap, exchange, message.version, &stranger);
        return;
    }
    struct fault fault = faults_take(soap->sandbox->faults,
                                     soap_operation_name(message.operation));
    struct soap_result result = { .code = "503" };
    if (fault.has_effect)
        result = soap_execute(soap, &message, arena);
    record(soap, &message, &result, &fault);
    struct answer answer = spoil(arena, &message, &fault, &result);
    int64_t slow_ms = fault.kind == FAULT_SLOW ? fault.ms : 0;
    delays_answer(soap->sandbox->delays, exchange, &answer,
                  soap->sandbox->options->latency_ms + slow_ms);
}

/* ---- below /sandbox/ ---- */

static const char *profile_json(struct soap *soap, struct slice iccid,
                                struct arena *arena)
{
    const struct smdp_profile *profile = smdp_stock_find(soap->stock, iccid);
    if (profile == NULL)
        return NULL;
    return arena_format(arena,
                        "{\"iccid\":\"%.*s\",\"state\":\"%s\",\"eid\":\"%s\","
                        "\"matchingId\":\"%s\"}",
                        (int)iccid.size, iccid.ptr, smdp_state_name(profile->state),
                        profile->eid, profile->matching_id);
}

static const char *line_json(struct soap *soap, struct slice msisdn,
                             struct arena *arena)
{
    const char *key = arena_copy(arena, msisdn.ptr, msisdn.size);
    const char *state = soap_get(soap->store, SOAP_LINES, key);
    return state == NULL
               ? NULL
               : arena_format(arena, "{\"msisdn\":\"%s\",\"lineState\":\"%s\"}", key,
                              state);
}

static const struct {
    const char *noun;
    const char *(*show)(struct soap *soap, struct slice key, struct arena *arena);
} shown[] = { { "profiles", profile_json }, { "lines", line_json } };

static bool control(void *state, struct http_exchange *exchange)
{
    struct soap *soap = state;
    struct arena *arena = http_exchange_arena(exchange);
    const struct http_request *request = http_exchange_request(exchange);
    struct slice rest = request->path;
    slice_cut(&rest, '/');
    slice_cut(&rest, '/'); /* What follows "/sandbox/". */
    struct slice noun = slice_cut(&rest, '/');
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        if (!slice_is(noun, shown[i].noun) || !slice_is(request->method, "GET"))
            continue;
        const char *body = shown[i].show(soap, rest, arena);
        struct answer answer = answer_of(arena, body != NULL ? 200 : 404,
                                         "application/json",
                                         body != NULL ? body : "{}");
        delays_answer(soap->sandbox->delays, exchange, &answer, 0);
        return true;
    }
    return false;
}

/* ---- open and close ---- */

static void soap_close(void **state)
{
    struct soap *soap = *state;
    if (soap == NULL)
        return;
    soap_store_destroy(&soap->store);
    smdp_stock_destroy(&soap->stock);
    free(soap);
    xmlCleanupParser();
    *state = NULL;
}

static bool soap_open(struct sandbox *sandbox, void **ret_state, struct err *err)
{
    static const struct option_list usual = { .items = { "P1=100000" }, .count = 1 };
    const struct sandbox_options *options = sandbox->options;
    void *state = NULL;
    bool ok = false;
    xmlInitParser();
    struct soap *soap = state = calloc(1, sizeof *soap);
    if (soap == NULL) {
        err_set(err, ERR_LIMIT, "no memory for the SOAP carrier");
        goto out;
    }
    soap->sandbox = sandbox;
    soap->store = soap_store_create();
    if (soap->store == NULL) {
        err_set(err, ERR_LIMIT, "no memory for what the carrier remembers");
        goto out;
    }
    if (!smdp_stock_create(options->iccid_prefix,
                           options->stock.count > 0 ? &options->stock : &usual,
                           &soap->stock, err))
        goto out;
    *ret_state = state;
    state = NULL; /* Given to the caller. */
    ok = true;
out:
    soap_close(&state);
    return ok;
}

const struct sandbox_side soap_side = {
    .name = "soap",
    .text = "a SOAP carrier by the contract in plugins/ooredoo/contract",
    .takes_strangers = true,
    .open = soap_open,
    .close = soap_close,
    .serve = serve,
    .control = control,
};
