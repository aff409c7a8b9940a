#include "verdict.h"

#include <string.h>

#include "esim/exchange.h"

static const char *const meanings[MEANING_COUNT + 1] = {
    [MEANS_DONE] = "done",       [MEANS_REFUSED] = "refused",
    [MEANS_NOT_YET] = "not_yet", [MEANS_UNKNOWN] = "unknown",
    [MEANS_ABSENT] = "absent",   [MEANS_EXISTS] = "exists",
    [MEANS_ALREADY] = "already", [MEANS_PENDING] = "pending",
};

const char *meaning_name(int meaning)
{
    return meanings[meaning];
}

struct row {
    const char *code;
    struct verdict verdict;
};

/* clang-format off */
/* The codes of the contract that we publish; contract/README.md says the same. */
static const struct row code_rows[] = {
{ "0",   { MEANS_DONE, "done", "" } },
{ "100", { MEANS_PENDING, "in_progress", "The carrier is still working on it." } },
{ "200", { MEANS_ALREADY, "already", "It is so already." } },
{ "301", { MEANS_REFUSED, "unauthorised",
  "The carrier did not accept our account: check user name and password." } },
{ "302", { MEANS_REFUSED, "not_allowed",
  "The carrier does not allow this to our account: have it enabled." } },
{ "400", { MEANS_REFUSED, "value_wrong",
  "The carrier found a value wrong: compare the order with its document." } },
{ "404", { MEANS_ABSENT, NULL, NULL } }, /* verdict_of_absence says of what. */
{ "409", { MEANS_EXISTS, "reference_used",
  "The carrier has an order with this reference already." } },
{ "410", { MEANS_REFUSED, "stock_empty",
  "The carrier has no profile of this type left: have the stock refilled, then order "
  "again." } },
{ "411", { MEANS_REFUSED, "profile_type_unknown",
  "The carrier does not know this profile type: check the plan's profile type." } },
{ "412", { MEANS_REFUSED, "state_wrong",
  "The profile or line is in a state that does not allow this: ask for its state." } },
{ "413", { MEANS_REFUSED, "iccid_in_use",
  "The ICCID is already taken: order another one." } },
{ "414", { MEANS_REFUSED, "eid_differs",
  "The order is bound to another EID: use that one, or order again." } },
{ "429", { MEANS_NOT_YET, "throttled",
  "The carrier limits our rate; it is asked again." } },
{ "500", { MEANS_UNKNOWN, "carrier_error",
  "The carrier's system failed while carrying this out." } },
{ "503", { MEANS_NOT_YET, "carrier_busy",
  "The carrier's system is busy and did nothing; it is asked again." } },
};

/* SOAP 1.1 4.4.1, SOAP 1.2 Part 1 5.4.6, WS-Security 1.0 section 12; the last ones are
 * what servers in the field say in their place. */
static const struct row fault_rows[] = {
{ "Client", { MEANS_REFUSED, "request_refused",
  "The carrier found the message wrong: compare template and settings with its "
  "document." } },
{ "Sender", { MEANS_REFUSED, "request_refused",
  "The carrier found the message wrong: compare template and settings with its "
  "document." } },
{ "Server", { MEANS_UNKNOWN, "server_error", "The carrier's server failed." } },
{ "Receiver", { MEANS_UNKNOWN, "server_error", "The carrier's server failed." } },
{ "VersionMismatch", { MEANS_REFUSED, "soap_version_wrong",
  "The carrier speaks another version of SOAP: change the setting soap_version." } },
{ "MustUnderstand", { MEANS_REFUSED, "header_not_understood",
  "The carrier does not understand the security header: change the settings security "
  "or security_must_understand." } },
{ "DataEncodingUnknown", { MEANS_REFUSED, "encoding_unknown",
  "The carrier does not know the message's encoding: compare the template with its "
  "document." } },
{ "FailedAuthentication", { MEANS_REFUSED, "unauthorised",
  "The carrier did not accept user name and password: check both." } },
{ "InvalidSecurity", { MEANS_REFUSED, "unauthorised",
  "The carrier did not accept the security header: check the setting security." } },
{ "InvalidSecurityToken", { MEANS_REFUSED, "unauthorised",
  "The carrier did not accept the security token: check the setting security." } },
{ "UnsupportedSecurityToken", { MEANS_REFUSED, "unauthorised",
  "The carrier takes another security token: change the setting security." } },
{ "UnsupportedAlgorithm", { MEANS_REFUSED, "unauthorised",
  "The carrier takes another password form: change the setting security." } },
{ "FailedCheck", { MEANS_REFUSED, "unauthorised",
  "The carrier could not verify the security header: check the password." } },
{ "SecurityTokenUnavailable", { MEANS_REFUSED, "unauthorised",
  "The carrier misses a security token: check the setting security." } },
{ "MessageExpired", { MEANS_NOT_YET, "message_expired",
  "The carrier found the message too old: compare this machine's clock with its "
  "clock, or raise security_ttl_s. It is asked again." } },
{ "AuthenticationFailure", { MEANS_REFUSED, "unauthorised",
  "The carrier did not accept user name and password: check both." } },
{ "Authentication", { MEANS_REFUSED, "unauthorised",
  "The carrier did not accept user name and password: check both." } },
{ "AuthenticationError", { MEANS_REFUSED, "unauthorised",
  "The carrier did not accept user name and password: check both." } },
};
/* clang-format on */

static const struct verdict fault_unlisted = {
    MEANS_UNKNOWN, "fault_unlisted",
    "The carrier answered with a fault that the settings do not list: add it to faults."
};

struct status_row {
    int least, most;
    struct verdict verdict;
};

/* The first row that fits is taken; what a status means for the work asked for is left
 * to RFC 9110 (SOAP 1.2 Part 2 7.5.1). */
/* clang-format off */
static const struct status_row status_rows[] = {
{ 300, 399, { MEANS_REFUSED, "redirected",
  "The carrier's server points elsewhere: correct host or path." } },
{ 401, 401, { MEANS_REFUSED, "unauthorised",
  "The carrier did not accept our identity: check user name and password." } },
{ 403, 403, { MEANS_REFUSED, "unauthorised",
  "The carrier's server forbids this to our identity: have it allowed." } },
{ 404, 404, { MEANS_REFUSED, "path_wrong",
  "The carrier's server has nothing at this path: check the setting path." } },
{ 408, 408, { MEANS_NOT_YET, "throttled",
  "The carrier's server did not get the whole request; it is asked again." } },
{ 425, 425, { MEANS_NOT_YET, "throttled",
  "The carrier's server wants this later; it is asked again." } },
{ 429, 429, { MEANS_NOT_YET, "throttled",
  "The carrier limits our rate; it is asked again." } },
{ 415, 415, { MEANS_REFUSED, "soap_version_wrong",
  "The carrier does not take this content type: change the setting soap_version." } },
{ 400, 499, { MEANS_REFUSED, "request_refused",
  "The carrier's server refused the request: compare the settings with its "
  "document." } },
{ 503, 503, { MEANS_NOT_YET, "unavailable",
  "The carrier's server is not available; it is asked again." } },
{ 502, 502, { MEANS_UNKNOWN, "gateway",
  "A gateway of the carrier got no proper answer." } },
{ 504, 504, { MEANS_UNKNOWN, "gateway",
  "A gateway of the carrier got no answer in time." } },
{ 500, 599, { MEANS_UNKNOWN, "server_error",
  "The carrier's server failed." } },
{ 100, 199, { MEANS_UNKNOWN, "reply_unreadable",
  "The carrier's server sent no final reply." } },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

const struct verdict *verdict_of_status(int status)
{
    for (size_t i = 0; i < COUNT(status_rows); i++)
        if (status >= status_rows[i].least && status <= status_rows[i].most)
            return &status_rows[i].verdict;
    return NULL;
}

/* ---- verdicts of the settings ---- */

static bool meaning_of(const char *name, enum meaning *ret)
{
    for (int i = 0; name != NULL && i < MEANING_COUNT; i++)
        if (strcmp(meanings[i], name) == 0) {
            *ret = (enum meaning)i;
            return true;
        }
    return false;
}

static const char *meaning_text(const json_t *json)
{
    return json_is_string(json) ? json_string_value(json)
                                : esim_json_text(json, "means");
}

static bool is_stable_name(const char *name)
{
    return name[0] >= 'a' && name[0] <= 'z' && strlen(name) < 64 &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

bool verdict_is_valid(const json_t *json)
{
    enum meaning meaning;
    const char *name = esim_json_text(json, "name");
    const json_t *text = json_object_get(json, "text");
    return meaning_of(meaning_text(json), &meaning) &&
           (name == NULL || is_stable_name(name)) &&
           (text == NULL || json_is_string(text));
}

static bool own_verdict(const json_t *table, const char *code, struct verdict *ret)
{
    const json_t *json = json_object_get(table, code);
    enum meaning meaning;
    if (!meaning_of(meaning_text(json), &meaning))
        return false;
    const char *name = esim_json_text(json, "name");
    const char *text = esim_json_text(json, "text");
    if (meaning == MEANS_ABSENT && name == NULL) {
        *ret = (struct verdict){ .meaning = meaning };
        return true;
    }
    *ret = (struct verdict){
        .meaning = meaning,
        .name = name != NULL ? name : meanings[meaning],
        .message = text != NULL ? text
                                : "The carrier's code says so: look it up in its "
                                  "document.",
    };
    return true;
}

/* The first row whose beginning fits is taken. */
static const struct {
    const char *begins;
    struct verdict verdict;
} absences[] = {
    { "profile.",
      { MEANS_ABSENT, "iccid_unknown",
        "The carrier does not know this ICCID: check its digits, or whose it is." } },
    { "",
      { MEANS_ABSENT, "line_unknown",
        "The carrier does not know this number: check its digits, or whose it is." } },
};

struct verdict verdict_of_absence(const char *operation)
{
    size_t at = 0;
    while (strncmp(operation, absences[at].begins, strlen(absences[at].begins)) != 0)
        at++;
    return absences[at].verdict;
}

static bool listed(const struct row *rows, size_t count, const char *code,
                   struct verdict *ret)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].code, code) == 0) {
            *ret = rows[i].verdict;
            return true;
        }
    return false;
}

bool verdict_of_code(const json_t *settings, const char *code, struct verdict *ret)
{
    const json_t *own = json_object_get(settings, "codes");
    if (json_object_size(own) > 0)
        return own_verdict(own, code, ret);
    return listed(code_rows, COUNT(code_rows), code, ret);
}

struct verdict verdict_of_fault(const json_t *settings, const struct soap_fault *fault)
{
    const json_t *own = json_object_get(settings, "faults");
    struct verdict verdict;
    for (unsigned i = fault->code_count; i-- > 0;)
        if (own_verdict(own, fault->codes[i], &verdict) ||
            listed(fault_rows, COUNT(fault_rows), fault->codes[i], &verdict))
            return verdict;
    return fault_unlisted;
}
