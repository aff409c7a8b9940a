#include "smdp_request.h"

#include <stddef.h>
#include <string.h>

#include "base/json.h"
#include "smdp_stock.h"

enum { TEXT_MOST = 256, UNKNOWN_MOST = 16 };

static const char *const names[SMDP_FUNCTION_COUNT] = {
    [SMDP_DOWNLOAD_ORDER] = "downloadOrder",
    [SMDP_CONFIRM_ORDER] = "confirmOrder",
    [SMDP_CANCEL_ORDER] = "cancelOrder",
    [SMDP_RELEASE_PROFILE] = "releaseProfile",
};
static const char base_path[] = "/gsma/rsp2/es2plus/";

/* ---- types of SGP.22 5.2.1 and 6.5.2 ---- */

static bool all_of(const char *text, const char *set, size_t least, size_t most)
{
    size_t size = strlen(text);
    return size >= least && size <= most && strspn(text, set) == size;
}

static bool is_iccid(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 20)
        return text[digits] == '\0';
    return digits == 19 &&
           (text[digits] == '\0' || (text[digits] == 'F' && text[digits + 1] == '\0'));
}

static bool is_eid(const char *text)
{
    unsigned rest = 0;
    if (!all_of(text, "0123456789", 32, 32))
        return false;
    for (; *text != '\0'; text++)
        rest = (rest * 10 + (unsigned)(*text - '0')) % 97;
    return rest == 1;
}

static bool is_matching_id(const char *text)
{
    return all_of(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-", 0,
                  MATCHING_ID_SIZE - 1);
}

static bool is_name(const char *text)
{
    return all_of(text,
                  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-.", 1,
                  253) &&
           strchr(text, '.') != NULL;
}

static bool is_text(const char *text)
{
    size_t size = strlen(text);
    return size > 0 && size <= TEXT_MOST;
}

static bool is_final_state(const char *text)
{
    return strcmp(text, "Available") == 0 || strcmp(text, "Unavailable") == 0;
}

/* ---- members ---- */

enum need { OPTIONAL, MANDATORY };

struct member_rule {
    enum smdp_function function;
    const char *name;
    enum need need;
    bool (*fits)(const char *text); /* NULL: a boolean. */
    size_t offset;                  /* In struct smdp_request. */
};
#define INTO(member) offsetof(struct smdp_request, member)

/* SGP.22 v2.2 5.3.1 to 5.3.4: the tables, which are stricter than the JSON schemas. */
/* clang-format off */
static const struct member_rule member_rules[] = {
    { SMDP_DOWNLOAD_ORDER,  "eid",              OPTIONAL,  is_eid,         INTO(eid) },
    { SMDP_DOWNLOAD_ORDER,  "iccid",            OPTIONAL,  is_iccid,       INTO(iccid) },
    { SMDP_DOWNLOAD_ORDER,  "profileType",      OPTIONAL,  is_text,        INTO(profile_type) },
    { SMDP_CONFIRM_ORDER,   "iccid",            MANDATORY, is_iccid,       INTO(iccid) },
    { SMDP_CONFIRM_ORDER,   "eid",              OPTIONAL,  is_eid,         INTO(eid) },
    { SMDP_CONFIRM_ORDER,   "matchingId",       OPTIONAL,  is_matching_id, INTO(matching_id) },
    { SMDP_CONFIRM_ORDER,   "confirmationCode", OPTIONAL,  is_text,        INTO(confirmation_code) },
    { SMDP_CONFIRM_ORDER,   "smdsAddress",      OPTIONAL,  is_name,        INTO(smds) },
    { SMDP_CONFIRM_ORDER,   "releaseFlag",      MANDATORY, NULL,           INTO(release) },
    { SMDP_CANCEL_ORDER,    "iccid",            MANDATORY, is_iccid,       INTO(iccid) },
    { SMDP_CANCEL_ORDER,    "eid",              OPTIONAL,  is_eid,         INTO(eid) },
    { SMDP_CANCEL_ORDER,    "matchingId",       OPTIONAL,  is_matching_id, INTO(matching_id) },
    { SMDP_CANCEL_ORDER,    "finalProfileStatusIndicator",
                                                MANDATORY, is_final_state, INTO(final_state) },
    { SMDP_RELEASE_PROFILE, "iccid",            MANDATORY, is_iccid,       INTO(iccid) },
};
/* clang-format on */
enum { RULE_COUNT = sizeof member_rules / sizeof member_rules[0] };

const char *smdp_function_name(enum smdp_function function)
{
    return names[function];
}

bool smdp_function_of(struct slice path, enum smdp_function *ret)
{
    if (!slice_starts(path, base_path))
        return false;
    struct slice name = slice_bytes(path.ptr + sizeof base_path - 1,
                                    path.size - (sizeof base_path - 1));
    for (int i = 0; i < SMDP_FUNCTION_COUNT; i++) {
        if (slice_is(name, names[i])) {
            *ret = (enum smdp_function)i;
            return true;
        }
    }
    return false;
}

static struct smdp_result failed(const char *subject, const char *reason,
                                 const char *about)
{
    return (struct smdp_result){ .subject = subject, .reason = reason, .about = about };
}

static struct smdp_result member_read(const struct member_rule *rule,
                                      struct smdp_request *request)
{
    const json_t *value = json_object_get(request->body, rule->name);
    void *into = (char *)request + rule->offset;
    if (value == NULL)
        return rule->need == MANDATORY ? failed("1.6", "2.2", rule->name)
                                       : failed(NULL, NULL, NULL);
    if (rule->fits == NULL) {
        *(bool *)into = json_is_true(value);
        return json_is_boolean(value) ? failed(NULL, NULL, NULL)
                                      : failed("1.6", "2.1", rule->name);
    }
    *(const char **)into = json_string_value(value);
    return json_is_string(value) && rule->fits(json_string_value(value))
               ? failed(NULL, NULL, NULL)
               : failed("1.6", "2.1", rule->name);
}

static struct smdp_result header_read(struct smdp_request *request)
{
    const json_t *header = json_object_get(request->body, "header");
    request->requester = json_text(header, "functionRequesterIdentifier");
    request->call_id = json_text(header, "functionCallIdentifier");
    if (request->requester == NULL || !is_text(request->requester) ||
        strlen(request->requester) >= REQUESTER_SIZE)
        return failed("1.6", "2.2", "functionRequesterIdentifier");
    if (request->call_id == NULL || !is_text(request->call_id))
        return failed("1.6", "2.2", "functionCallIdentifier");
    return failed(NULL, NULL, NULL);
}

static struct smdp_result members_read(struct smdp_request *request)
{
    struct smdp_result result = header_read(request);
    for (int i = 0; i < RULE_COUNT && result.subject == NULL; i++)
        if (member_rules[i].function == request->function)
            result = member_read(&member_rules[i], request);
    if (result.subject != NULL)
        return result;
    /* 5.3.1: at least one of the two. */
    if (request->function == SMDP_DOWNLOAD_ORDER && request->iccid == NULL &&
        request->profile_type == NULL)
        return failed("1.6", "2.3", "iccid or profileType");
    return result;
}

static bool is_json(const struct http_request *http)
{
    struct slice type = http_field_of(http->fields, http->field_count, "Content-Type");
    struct slice media = slice_cut(&type, ';');
    while (media.size > 0 && media.ptr[media.size - 1] == ' ')
        media.size--;
    return slice_is_nocase(media, "application/json");
}

static bool is_protocol(const struct http_request *http)
{
    struct slice value = http_field_of(http->fields, http->field_count,
                                       "X-Admin-Protocol");
    return slice_starts(value, "gsma/rsp/v2.");
}

int smdp_request_read(const struct http_request *http, enum smdp_function function,
                      struct smdp_request *ret, struct smdp_result *ret_result,
                      const char **ret_why)
{
    *ret = (struct smdp_request){ .function = function };
    *ret_why = "";
    if (!slice_is(http->method, "POST")) {
        *ret_why = "only POST is allowed";
        return 405;
    }
    if (!is_json(http)) {
        *ret_why = "Content-Type must be application/json";
        return 415;
    }
    if (!is_protocol(http)) {
        *ret_why = "X-Admin-Protocol must be gsma/rsp/v2.x.y";
        return 400;
    }
    ret->body = json_read(http->body, NULL);
    if (!json_is_object(ret->body)) {
        *ret_why = "the body must be a JSON object";
        smdp_request_finish(ret);
        return 400;
    }
    *ret_result = members_read(ret);
    return 200;
}

void smdp_request_finish(struct smdp_request *request)
{
    json_decref(request->body);
    request->body = NULL;
}

static bool is_known(enum smdp_function function, const char *name)
{
    for (int i = 0; i < RULE_COUNT; i++)
        if (member_rules[i].function == function &&
            strcmp(member_rules[i].name, name) == 0)
            return true;
    return strcmp(name, "header") == 0;
}

json_t *smdp_request_unknown(const struct smdp_request *request)
{
    json_t *list = NULL;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(request->body, name, value)
    {
        if (is_known(request->function, name))
            continue;
        if (list == NULL)
            list = json_array();
        if (json_array_size(list) < UNKNOWN_MOST)
            json_array_append_new(list, json_string(name));
    }
    return list;
}
