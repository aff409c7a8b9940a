#include "call.h"

#include <string.h>

#include "wire_path.h"
#include "wire_template.h"

#define PASSWORD  "wss.password" /* The secret's name in the manifest. */
#define ENDPOINT  "soap"
#define NO_MEMORY "There was no memory for the message."

struct call call_of(struct esim_talk *talk, const char *operation)
{
    struct call call = { .talk = talk };
    soap_settings_read(talk->settings, &call.settings);
    call.is_configured = operation_of(talk->settings, operation, &call.operation);
    call.operation.name = operation;
    return call;
}

esim_repeat call_repeat(const struct esim_step *step)
{
    struct operation operation;
    const char *capability = esim_string(step->capability);
    bool is_there = operation_of(esim_json_read(step->settings), capability,
                                 &operation);
    return is_there ? operation.repeat : ESIM_ONCE;
}

/* ---- what is asked ---- */

static const char *value_text(const json_t *value)
{
    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    if (json_is_integer(value))
        return esim_string(
            esim_format("%" JSON_INTEGER_FORMAT, json_integer_value(value)));
    const char *text = json_string_value(value);
    return text != NULL && text[0] != '\0' ? text : NULL;
}

/* The operation's own id and time, then the order's members, then the settings'. */
static const char *find_value(const void *arg, const char *name)
{
    const struct esim_talk *talk = arg;
    if (strcmp(name, "operation") == 0)
        return esim_string(talk->step->operation);
    if (strcmp(name, "now") == 0)
        return esim_time_text(talk->step->now_ms);
    const char *text = value_text(json_object_get(talk->input, name));
    if (text != NULL)
        return text;
    return value_text(json_object_get(json_object_get(talk->settings, "values"), name));
}

/* Nothing can be asked. That is a refusal only where nothing has been asked before: the
 * question for a lost order, and a repeated exchange, leave open what was done. */
static bool stop(const struct call *call, const char *name, struct esim_bytes message)
{
    bool is_open = strcmp(call->operation.name, PROFILE_FIND) == 0 ||
                   call->talk->step->event == ESIM_AGAIN;
    if (is_open)
        esim_unknown(call->talk, name, NULL, "%s", esim_string(message));
    else
        esim_refused(call->talk, name, NULL, "%s", esim_string(message));
    return false;
}

static bool stop_by_template(const struct call *call,
                             const struct template_result *result)
{
    static const struct {
        const char *name, *message;
    } ends[] = {
        [TEMPLATE_BROKEN] = { NULL, "The message's template is broken near "
                                    "%s: correct it." },
        [TEMPLATE_MISSING] = { "missing",
                               "The carrier's message needs a value for %s: give it in "
                               "the order or in the setting values." },
        [TEMPLATE_UNWRITABLE] = { "wrong",
                                  "The value for %s has characters that XML cannot "
                                  "carry: write it without them." },
    };
    const char *name = "settings_wrong";
    if (ends[result->end].name != NULL) /* "msisdn_missing" */
        name = esim_string(esim_format("%s_%s", result->name, ends[result->end].name));
    return stop(call, name, esim_format(ends[result->end].message, result->name));
}

/* False: the operation has been ended. So with the next ones. */
static bool write_template(const struct call *call, const char *template,
                           struct text *text)
{
    struct template_values values = { find_value, call->talk };
    struct template_result result = template_write(template, &values, text);
    return result.end == TEMPLATE_DONE || stop_by_template(call, &result);
}

static struct wss_token token_of(const struct call *call)
{
    const struct soap_settings *settings = &call->settings;
    const struct esim_step *step = call->talk->step;
    int64_t ends_ms = step->now_ms + settings->security_ttl_s * 1000;
    struct wss_token token = {
        .kind = settings->security,
        .username = settings->username,
        .password = esim_json_text(call->talk->secrets, PASSWORD),
        .has_nonce = settings->security_nonce,
        .created = esim_time_text(step->now_ms),
        .expires = settings->security_timestamp ? esim_time_text(ends_ms) : NULL,
        .must_understand = settings->security_must_understand,
    };
    memcpy(token.nonce, step->random, sizeof token.nonce);
    return token;
}

static bool token_is_whole(const struct call *call, const struct wss_token *token)
{
    if (token->kind == WSS_NONE)
        return true;
    if (token->username == NULL || token->password == NULL)
        return stop(call, "settings_incomplete",
                    esim_text("The security header needs the setting username and the "
                              "secret " PASSWORD "."));
    if (!text_is_xml(token->username) || !text_is_xml(token->password))
        return stop(call, "settings_wrong",
                    esim_text("User name or password has characters that XML cannot "
                              "carry."));
    return true;
}

static bool write_header(const struct call *call, struct text *text)
{
    struct wss_token token = token_of(call);
    if (!token_is_whole(call, &token))
        return false;
    wss_write(&token, SOAP_PREFIX, text);
    return call->settings.header == NULL ||
           write_template(call, call->settings.header, text);
}

static void post(const struct call *call, struct esim_bytes message)
{
    const struct soap_settings *settings = &call->settings;
    const struct operation *operation = &call->operation;
    if (message.size == 0) {
        (void)stop(call, "memory", esim_text(NO_MEMORY));
        return;
    }
    esim_http(call->talk, ENDPOINT, "POST",
              operation->path != NULL ? operation->path : settings->path,
              soap_content_type(settings->version, operation->action), message);
    const char *action = soap_action(settings->version, operation->action);
    if (action != NULL)
        esim_http_header(call->talk, "SOAPAction", action);
    esim_http_timeout(call->talk, settings->timeout_ms);
    if (settings->security != WSS_NONE || settings->security_timestamp)
        esim_rewrite(call->talk); /* Nonce and time are good for one sending. */
}

/* Both pieces, or the operation has been ended. */
static bool write_pieces(const struct call *call, struct esim_bytes *ret_header,
                         struct esim_bytes *ret_body)
{
    struct text header, body;
    text_open(&header);
    text_open(&body);
    bool ok = write_header(call, &header) &&
              write_template(call, call->operation.template, &body);
    bool is_whole = text_close(&header, ret_header);
    is_whole = text_close(&body, ret_body) && is_whole;
    if (ok && !is_whole)
        ok = stop(call, "memory", esim_text(NO_MEMORY));
    return ok;
}

void call_ask(const struct call *call)
{
    struct esim_bytes header, body;
    if (!call->is_configured)
        (void)stop(call, "not_configured",
                   esim_text("The setting operations has no such operation of this "
                             "carrier: add it, or leave it to another adapter."));
    else if (write_pieces(call, &header, &body))
        post(call, soap_envelope(call->settings.version, header, body));
}

/* ---- what came back ---- */

static const struct verdict settings_changed = {
    MEANS_UNKNOWN, "not_configured",
    "The setting operations has lost this operation while it was under way."
};
static const struct verdict unreadable = { MEANS_UNKNOWN, "reply_unreadable",
                                           "What came back is not a SOAP message." };
static const struct verdict other_version = {
    MEANS_UNKNOWN, "soap_version_differs",
    "The reply is of another SOAP version: check the setting soap_version."
};
static const struct verdict no_code = {
    MEANS_UNKNOWN, "code_missing",
    "The reply has no result code where it is looked for: check the operation's code."
};
static const struct verdict code_unlisted = {
    MEANS_UNKNOWN, "code_unlisted",
    "The carrier answered with a code that the settings do not list: add it to codes."
};
static const struct verdict status_differs = {
    MEANS_UNKNOWN, "status_differs",
    "The reply's HTTP status tells of a failure, and its content does not."
};

/* A code is shown and stored in the clear: no sentence of a carrier gets through. */
static const char *shown(const char *code)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._:/-";
    enum { SHOWN_MOST = 48 };
    return code != NULL && code[0] != '\0' && strlen(code) <= SHOWN_MOST &&
                   code[strspn(code, allowed)] == '\0'
               ? code
               : NULL;
}

static const char *fault_codes(const struct soap_fault *fault)
{
    const char *codes = fault->code_count > 0 ? fault->codes[0] : NULL;
    for (unsigned i = 1; i < fault->code_count; i++)
        codes = esim_string(esim_format("%s/%s", codes, fault->codes[i]));
    return shown(codes);
}

static void judge_fault(const struct call *call, const struct soap_reply *reply,
                        struct path *path, struct call_answer *ret)
{
    const json_t *settings = call->talk->settings;
    const char *code = reply->fault.detail == NULL || call->settings.fault_code == NULL
                           ? NULL
                           : path_text(path, reply->fault.detail,
                                       call->settings.fault_code);
    const struct verdict *status = verdict_of_status(call->talk->step->reply->status);
    ret->carrier_code = fault_codes(&reply->fault);
    if (code != NULL && verdict_of_code(settings, code, &ret->verdict) &&
        ret->verdict.meaning != MEANS_DONE)
        ret->carrier_code = shown(code);
    else
        ret->verdict = verdict_of_fault(settings, &reply->fault);
    if (ret->verdict.meaning == MEANS_DONE)
        ret->verdict = unreadable; /* A fault is never success, whatever is listed. */
    /* 401 says more than the plain "Client" around it; 429 and 503 speak for
     * themselves. */
    bool is_turned_away = status != NULL && strcmp(status->name, "unauthorised") == 0;
    bool is_not_now = status != NULL && status->meaning == MEANS_NOT_YET &&
                      ret->verdict.meaning == MEANS_UNKNOWN;
    if (is_turned_away || is_not_now)
        ret->verdict = *status;
}

static json_t *read_fields(const struct operation *operation, struct path *path,
                           xmlNode *node)
{
    json_t *fields = json_object();
    for (unsigned i = 0; i < operation->field_count; i++)
        esim_json_put(fields, operation->fields[i].member,
                      path_text(path, node, operation->fields[i].path));
    return fields;
}

static json_t *read_records(const struct operation *operation, struct path *path,
                            xmlNode *body)
{
    json_t *records = json_array();
    xmlXPathObject *found = path_nodes(path, body, operation->each);
    int count = found == NULL || found->nodesetval == NULL ? 0
                                                           : found->nodesetval->nodeNr;
    for (int i = 0; i < count; i++) {
        xmlNode *node = found->nodesetval->nodeTab[i];
        if (node->type == XML_ELEMENT_NODE)
            json_array_append_new(records, read_fields(operation, path, node));
    }
    xmlXPathFreeObject(found);
    return records;
}

static void judge_body(const struct call *call, const struct soap_reply *reply,
                       struct path *path, struct call_answer *ret)
{
    const struct operation *operation = &call->operation;
    if (verdict_of_status(call->talk->step->reply->status) != NULL) {
        ret->verdict = status_differs;
        return;
    }
    if (reply->version != call->settings.version) {
        ret->verdict = other_version;
        return;
    }
    const char *code = path_text(path, reply->body, operation->code);
    ret->carrier_code = shown(code);
    if (code == NULL)
        ret->verdict = no_code;
    else if (!verdict_of_code(call->talk->settings, code, &ret->verdict))
        ret->verdict = code_unlisted;
    else if (operation->each != NULL)
        ret->records = read_records(operation, path, reply->body);
    else
        ret->fields = read_fields(operation, path, reply->body);
}

static void judge_status(const struct call *call, struct call_answer *ret)
{
    int status = call->talk->step->reply->status;
    const struct verdict *verdict = verdict_of_status(status);
    ret->verdict = verdict != NULL ? *verdict : unreadable;
    ret->carrier_code = esim_string(esim_format("HTTP %d", status));
}

struct call_answer call_read(const struct call *call)
{
    const struct esim_step *step = call->talk->step;
    struct call_answer answer = {
        .retry_after_s = esim_retry_after(step->reply, step->now_ms),
    };
    struct soap_reply reply;
    struct path path;
    if (!call->is_configured) {
        answer.verdict = settings_changed;
        return answer;
    }
    if (!soap_reply_read(step->reply->body, &reply)) {
        judge_status(call, &answer);
        return answer;
    }
    if (!path_open(&reply, contract_namespaces(call->talk->settings), &path))
        answer.verdict = unreadable;
    else if (reply.is_fault)
        judge_fault(call, &reply, &path, &answer);
    else
        judge_body(call, &reply, &path, &answer);
    if (path.context != NULL)
        path_close(&path);
    soap_reply_finish(&reply);
    if (answer.verdict.meaning == MEANS_ABSENT && answer.verdict.name == NULL)
        answer.verdict = verdict_of_absence(call->operation.name);
    return answer;
}
