#include "call.h"

#include <string.h>

#include "verdict.h"
#include "wire_code.h"

struct call call_of(struct esim_talk *talk, enum es2_function function,
                    esim_repeat repeat)
{
    struct call call = { .talk = talk, .function = function, .repeat = repeat };
    es2_settings_read(talk->settings, &call.settings);
    return call;
}

/* The functionCallIdentifier: the same in every try of one operation. It correlates,
 * and is no idempotency key (SGP.22 6.5.1.3). */
static const char *call_id(const struct call *call)
{
    struct esim_bytes operation = call->talk->step->operation;
    return esim_string(esim_format("%.*s:%s", (int)operation.size, operation.ptr,
                                   es2_name(call->function)));
}

json_t *call_body(const struct call *call)
{
    return es2_request(call->settings.requester_id, call_id(call));
}

void call_ask(const struct call *call, const json_t *body)
{
    const struct es2_settings *settings = &call->settings;
    if (settings->requester_id == NULL) {
        esim_refused(call->talk, "settings_incomplete", NULL,
                     "Set requester_id to the identifier that the carrier gave you.");
        return;
    }
    esim_http(call->talk, "es2plus", "POST",
              es2_settings_path(call->talk->settings, settings, call->function),
              "application/json", esim_json_write(body));
    esim_http_header(call->talk, "X-Admin-Protocol", settings->protocol);
    if (settings->user_agent != NULL)
        esim_http_header(call->talk, "User-Agent", settings->user_agent);
    esim_http_timeout(call->talk, settings->timeout_ms);
}

/* What a person can do about a function of class ONCE that may have been carried
 * out. */
static const char *const advice[ES2_FUNCTION_COUNT] = {
    [ES2_DOWNLOAD_ORDER] =
        "If it took no profile, the step may be tried again; if it took one, have that "
        "ICCID cancelled, or accept the step with it.",
    [ES2_CONFIRM_ORDER] = "If the order is not confirmed, the step may be tried again; "
                          "if it is, take the "
                          "matching id from the carrier, or cancel the order.",
    [ES2_CANCEL_ORDER] =
        "If the profile still belongs to this order, the step may be tried again; if "
        "it "
        "is Available, accept the step: a second cancel could hit another order.",
};

static void end_unsure(const struct call *call, const char *code,
                       const char *carrier_code, const char *message)
{
    esim_unknown(call->talk, code, carrier_code,
                 "%s Ask the carrier what it did under the call id %s. %s", message,
                 call_id(call), advice[call->function]);
}

void call_lost(const struct call *call, const char *code, const char *carrier_code,
               const char *message)
{
    if (call->repeat == ESIM_ONCE)
        end_unsure(call, code, carrier_code, message);
    else
        esim_not_yet(call->talk, -1, code, carrier_code,
                     "%s It is asked again, which has no further effect.", message);
}

void call_nobody_knows(struct esim_talk *talk, enum es2_function function)
{
    struct call call = call_of(talk, function, ESIM_ONCE);
    end_unsure(&call, "answer_lost", NULL, "The carrier's answer was lost.");
}

/* ---- HTTP: what a status other than 200 says about the function ---- */

enum http_meaning {
    HTTP_NOT_NOW,      /* Not done; ask again. */
    HTTP_AT_A_GATEWAY, /* Between us and the function: it may have run. */
    HTTP_FAILED,       /* Inside the function: it may have run. */
    HTTP_NEVER         /* Turned away before the function. */
};

struct http_row {
    int least, most;
    enum http_meaning meaning;
    const char *code;
    const char *message;
};

/* The first row that fits is taken. SGP.22 6.3 names the classes and leaves what they
 * mean for the function to RFC 9110. */
/* clang-format off */
static const struct http_row http_rows[] = {
    { 300, 399, HTTP_NEVER,        "redirected",
      "The carrier's server points elsewhere: correct host or path." },
    { 401, 401, HTTP_NEVER,        "unauthorised",
      "The carrier did not accept our identity: check certificate and credentials." },
    { 403, 403, HTTP_NEVER,        "unauthorised",
      "The carrier's server forbids this to our identity: have it allowed." },
    { 404, 404, HTTP_NEVER,        "path_wrong",
      "The carrier's server has nothing at this path: check base_path and paths." },
    { 408, 408, HTTP_NOT_NOW,      "throttled",
      "The carrier's server did not get the whole request; it is asked again." },
    { 425, 425, HTTP_NOT_NOW,      "throttled",
      "The carrier's server wants this later; it is asked again." },
    { 429, 429, HTTP_NOT_NOW,      "throttled",
      "The carrier limits our rate; it is asked again." },
    { 400, 499, HTTP_NEVER,        "request_refused",
      "The carrier's server refused the request: compare the settings with its "
      "document." },
    { 503, 503, HTTP_NOT_NOW,      "unavailable",
      "The carrier's server is not available; it is asked again." },
    { 502, 502, HTTP_AT_A_GATEWAY, "gateway",
      "A gateway of the carrier got no proper answer." },
    { 504, 504, HTTP_AT_A_GATEWAY, "gateway",
      "A gateway of the carrier got no answer in time." },
    { 500, 599, HTTP_FAILED,       "server_error",
      "The carrier's server failed." },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static const struct http_row *http_row_of(int status)
{
    for (size_t i = 0; i < COUNT(http_rows); i++)
        if (status >= http_rows[i].least && status <= http_rows[i].most)
            return &http_rows[i];
    return NULL;
}

static void end_by_status(const struct call *call, const struct http_row *row)
{
    const struct esim_step *step = call->talk->step;
    const char *carrier_code = esim_string(esim_format("HTTP %d", step->reply->status));
    bool is_not_now = row->meaning == HTTP_NOT_NOW ||
                      (row->meaning == HTTP_AT_A_GATEWAY &&
                       call->settings.gateway_is_safe);
    if (is_not_now)
        esim_not_yet(call->talk, esim_retry_after(step->reply, step->now_ms), row->code,
                     carrier_code, "%s", row->message);
    else if (row->meaning == HTTP_NEVER)
        esim_refused(call->talk, row->code, carrier_code, "%s", row->message);
    else
        call_lost(call, row->code, carrier_code, row->message);
}

/* ---- the reply's body ---- */

static enum verdict_try tried_before(const struct call *call)
{
    if (call->repeat == ESIM_ONCE || call->talk->step->attempt <= 1)
        return TRY_FIRST;
    return call->settings.own_iccids ? TRY_AGAIN_OWN : TRY_AGAIN;
}

static void end_unlisted(const struct call *call, const struct es2_result *result)
{
    if (tried_before(call) != TRY_FIRST)
        esim_unknown(call->talk, "refused_after_lost_try", es2_codes(result),
                     "The carrier refused, but an earlier try of this step may have "
                     "been done: ask the carrier for the profile's state.");
    else if (es2_codes(result) == NULL)
        esim_refused(call->talk, "refused", NULL,
                     "The carrier refused without a code that can be read.");
    else
        esim_refused(call->talk, "refused", es2_codes(result),
                     "The carrier refused: %s, %s. Ask it what is wrong.",
                     es2_subject_name(result->subject),
                     es2_reason_name(result->reason));
}

/* True when the "failure" says that our own earlier try had been carried out. */
static bool failed_as_done(const struct call *call, const struct es2_result *result)
{
    const struct verdict *verdict = verdict_of(call->function, result->subject,
                                               result->reason, tried_before(call));
    if (verdict == NULL)
        end_unlisted(call, result);
    else if (verdict->outcome == ESIM_DONE)
        return true;
    else if (verdict->outcome == ESIM_NOT_YET)
        esim_not_yet(
            call->talk,
            esim_retry_after(call->talk->step->reply, call->talk->step->now_ms),
            verdict->code, es2_codes(result), "%s", verdict->message);
    else if (verdict->outcome == ESIM_UNKNOWN)
        esim_unknown(call->talk, verdict->code, es2_codes(result), "%s",
                     verdict->message);
    else
        esim_refused(call->talk, verdict->code, es2_codes(result), "%s",
                     verdict->message);
    return false;
}

static bool protocol_fits(const struct call *call)
{
    const struct esim_reply *reply = call->talk->step->reply;
    const char *value = esim_header_of(reply->headers, reply->header_count,
                                       "X-Admin-Protocol");
    if (value == NULL)
        return call->settings.protocol_optional;
    return strncmp(value, call->settings.accept, strlen(call->settings.accept)) == 0;
}

static bool executed(const struct call *call, const struct es2_result *result,
                     json_t *body, json_t **ret_body)
{
    switch (result->status) {
    case ES2_SUCCESS:
    case ES2_WARNING:
        *ret_body = body;
        return true;
    case ES2_FAILED:
        *ret_body = NULL;
        return failed_as_done(call, result);
    default:
        call_lost(call, "validity_expired", es2_codes(result),
                  "The carrier did not finish within its own validity period.");
        return false;
    }
}

bool call_executed(const struct call *call, json_t **ret_body)
{
    const struct esim_reply *reply = call->talk->step->reply;
    struct es2_result result = { 0 };
    json_t *body = NULL;
    bool is_es2 = es2_reply_read(reply->body, &result, &body);
    const struct http_row *row = http_row_of(reply->status);
    /* Some servers put a proper Failed into a 4xx or 500: it says more than the status.
     * 503 and 429 speak for themselves, whatever stands in the body. */
    bool body_counts = is_es2 && (row == NULL || (result.status == ES2_FAILED &&
                                                  row->meaning != HTTP_NOT_NOW));
    if (row != NULL && !body_counts) {
        end_by_status(call, row);
        return false;
    }
    if (!is_es2) {
        call_lost(call, "reply_unreadable", NULL,
                  "What came back is not an ES2+ reply.");
        return false;
    }
    if (!protocol_fits(call)) {
        call_lost(call, "protocol_differs", NULL,
                  "The reply's X-Admin-Protocol is missing or another version: check "
                  "accept_protocol and protocol_optional.");
        return false;
    }
    return executed(call, &result, body, ret_body);
}

/* ---- inputs ---- */

bool call_put_iccid(const struct call *call, json_t *body, bool required,
                    const char **ret_iccid)
{
    const char *given = esim_json_text(call->talk->input, "iccid");
    *ret_iccid = NULL;
    if (given == NULL && !required)
        return true;
    const char *iccid = es2_iccid_read(given);
    const char *written = iccid != NULL
                              ? es2_iccid_write(iccid, call->settings.iccid_form)
                              : NULL;
    if (written == NULL) {
        esim_refused(call->talk, "iccid_wrong", NULL, "%s",
                     iccid == NULL ? "The ICCID must be 19 or 20 digits."
                                   : "This carrier takes ICCIDs of 20 digits only.");
        return false;
    }
    esim_json_put(body, "iccid", written);
    *ret_iccid = iccid;
    return true;
}

bool call_put_eid(const struct call *call, json_t *body, const char **ret_eid)
{
    const char *eid = esim_json_text(call->talk->input, "eid");
    *ret_eid = NULL;
    if (eid == NULL || eid[0] == '\0')
        return true;
    if (!es2_eid_is_valid(eid)) {
        esim_refused(call->talk, "eid_wrong", NULL,
                     "The EID must be 32 digits with right check digits: read it from "
                     "the device again.");
        return false;
    }
    esim_json_put(body, "eid", eid);
    *ret_eid = eid;
    return true;
}

bool call_put_matching_id(const struct call *call, json_t *body,
                          const char **ret_matching_id)
{
    const char *id = esim_json_text(call->talk->input, "matching_id");
    *ret_matching_id = NULL;
    if (id == NULL)
        return true;
    if (!activation_matching_id_is_valid(id, call->settings.matching_id_upper)) {
        esim_refused(call->talk, "matching_id_wrong", NULL,
                     "A matching id has digits, capital letters and \"-\" only.");
        return false;
    }
    esim_json_put(body, "matchingId", id);
    *ret_matching_id = id;
    return true;
}
