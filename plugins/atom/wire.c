#include "wire.h"

#include <string.h>

#include "esim/exchange.h"

enum {
    ICCID_LEAST = 18, /* Seen in the field; the schema says 19. */
    ICCID_MOST = 20,
    EID_SIZE = 32,
    CODE_MOST = 16 /* "8.10.1" is the longest in use. */
};

static const char *const function_names[ES2_FUNCTION_COUNT] = {
    [ES2_DOWNLOAD_ORDER] = "downloadOrder",
    [ES2_CONFIRM_ORDER] = "confirmOrder",
    [ES2_CANCEL_ORDER] = "cancelOrder",
    [ES2_RELEASE_PROFILE] = "releaseProfile",
    [ES2_PROGRESS] = "handleDownloadProgressInfo",
};

static const char *const status_names[ES2_STATUS_COUNT] = {
    [ES2_SUCCESS] = "Executed-Success",
    [ES2_WARNING] = "Executed-WithWarning",
    [ES2_FAILED] = "Failed",
    [ES2_EXPIRED] = "Expired",
};

static const char *const form_names[ES2_ICCID_FORM_COUNT] = {
    [ES2_ICCID_PLAIN] = "19",
    [ES2_ICCID_PADDED] = "19F",
    [ES2_ICCID_FULL] = "20",
};

struct code_name {
    const char *code;
    const char *name;
};

/* SGP.22 v2.2 5.2.6.1 and 5.2.6.2; 3.5 stands only under releaseProfile. */
/* clang-format off */
static const struct code_name subjects[] = {
    { "1.1",    "function requester" },
    { "1.2",    "function provider" },
    { "1.3",    "protocol" },
    { "1.3.1",  "protocol format" },
    { "1.3.2",  "protocol version" },
    { "1.6",    "function" },
    { "8",      "eUICC remote provisioning" },
    { "8.1",    "eUICC" },
    { "8.1.1",  "EID" },
    { "8.1.2",  "EUM certificate" },
    { "8.1.3",  "eUICC certificate" },
    { "8.2",    "profile" },
    { "8.2.1",  "ICCID" },
    { "8.2.5",  "profile type" },
    { "8.2.6",  "matching id" },
    { "8.2.7",  "confirmation code" },
    { "8.2.8",  "profile policy rules" },
    { "8.2.9",  "profile metadata" },
    { "8.2.10", "bound profile package" },
    { "8.8",    "SM-DP+" },
    { "8.8.1",  "SM-DP+ address" },
    { "8.8.5",  "download order" },
    { "8.9",    "SM-DS" },
    { "8.10.1", "transaction id" },
    { "8.11.1", "CI public key" },
};
static const struct code_name reasons[] = {
    { "1.1",  "unknown" },
    { "1.2",  "not allowed" },
    { "2.1",  "invalid" },
    { "2.2",  "mandatory element missing" },
    { "2.3",  "conditional element missing" },
    { "3.1",  "unsupported" },
    { "3.3",  "in use" },
    { "3.5",  "invalid transition" },
    { "3.7",  "unavailable" },
    { "3.8",  "refused" },
    { "3.9",  "unknown" },
    { "3.10", "invalid association" },
    { "3.11", "value has changed" },
    { "4.2",  "execution error" },
    { "4.3",  "stopped on warning" },
    { "4.4",  "busy" },
    { "4.8",  "insufficient memory" },
    { "4.10", "time to live expired" },
    { "5.1",  "inaccessible" },
    { "5.3",  "validity period expired" },
    { "6.1",  "verification failed" },
    { "6.3",  "expired" },
    { "6.4",  "maximum number of retries exceeded" },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

const char *es2_name(enum es2_function function)
{
    return function_names[function];
}

json_t *es2_request(const char *requester, const char *call_id)
{
    json_t *header = json_object();
    esim_json_put(header, "functionRequesterIdentifier", requester);
    esim_json_put(header, "functionCallIdentifier", call_id);
    json_t *body = json_object();
    json_object_set_new(body, "header", header);
    return body;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_code(const char *text)
{
    size_t size = strlen(text);
    if (size == 0 || size > CODE_MOST || !is_digit(text[size - 1]))
        return false;
    for (size_t i = 0; i < size; i++) {
        bool is_dot = text[i] == '.' && i > 0 && text[i - 1] != '.';
        if (!is_digit(text[i]) && !is_dot)
            return false;
    }
    return true;
}

static const char *code_of(const json_t *data, const char *key)
{
    const char *text = esim_json_text(data, key);
    return text != NULL && is_code(text) ? text : NULL;
}

bool es2_result_read(const json_t *object, struct es2_result *ret)
{
    const char *status = esim_json_text(object, "status");
    for (int i = 0; status != NULL && i < ES2_STATUS_COUNT; i++) {
        if (strcmp(status, status_names[i]) != 0)
            continue;
        const json_t *data = json_object_get(object, "statusCodeData");
        ret->status = (enum es2_status)i;
        ret->subject = code_of(data, "subjectCode");
        ret->reason = code_of(data, "reasonCode");
        return true;
    }
    return false;
}

bool es2_reply_read(struct esim_bytes text, struct es2_result *ret, json_t **ret_body)
{
    json_t *body = esim_json_read(text);
    if (!json_is_object(body))
        return false;
    if (!es2_result_read(esim_json_at(body, "header.functionExecutionStatus"), ret))
        return false;
    *ret_body = body;
    return true;
}

const char *es2_codes(const struct es2_result *result)
{
    if (result->subject == NULL || result->reason == NULL)
        return NULL;
    return esim_string(esim_format("%s/%s", result->subject, result->reason));
}

static const char *name_in(const struct code_name *table, size_t count,
                           const char *code)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].code, code) == 0)
            return table[i].name;
    return "unlisted";
}

const char *es2_subject_name(const char *subject)
{
    return name_in(subjects, COUNT(subjects), subject);
}

const char *es2_reason_name(const char *reason)
{
    return name_in(reasons, COUNT(reasons), reason);
}

const char *es2_text(const json_t *object, const char *key, bool numbers)
{
    const json_t *member = json_object_get(object, key);
    if (json_is_string(member))
        return esim_json_text(object, key);
    if (numbers && json_is_integer(member))
        return esim_string(esim_format("%lld", (long long)json_integer_value(member)));
    return NULL;
}

bool es2_iccid_form_of(const char *name, enum es2_iccid_form *ret)
{
    for (int i = 0; i < ES2_ICCID_FORM_COUNT; i++) {
        if (strcmp(name, form_names[i]) == 0) {
            *ret = (enum es2_iccid_form)i;
            return true;
        }
    }
    return false;
}

const char *es2_iccid_read(const char *text)
{
    size_t digits = 0;
    while (text != NULL && is_digit(text[digits]))
        digits++;
    if (digits < ICCID_LEAST || digits > ICCID_MOST)
        return NULL;
    const char *rest = text + digits;
    bool is_padded = (*rest == 'F' || *rest == 'f') && rest[1] == '\0' &&
                     digits < ICCID_MOST;
    if (*rest != '\0' && !is_padded)
        return NULL;
    return esim_string(esim_format("%.*s", (int)digits, text));
}

const char *es2_iccid_write(const char *iccid, enum es2_iccid_form form)
{
    bool is_full = strlen(iccid) == ICCID_MOST;
    if (form == ES2_ICCID_FULL)
        return is_full ? iccid : NULL;
    if (form == ES2_ICCID_PADDED && !is_full)
        return esim_string(esim_format("%sF", iccid));
    return iccid;
}

bool es2_eid_is_valid(const char *text)
{
    unsigned rest = 0;
    size_t size = 0;
    for (; text != NULL && is_digit(text[size]) && size <= EID_SIZE; size++)
        rest = (rest * 10 + (unsigned)(text[size] - '0')) % 97;
    return size == EID_SIZE && text[size] == '\0' && rest == 1;
}
