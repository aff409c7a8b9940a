#include "contract.h"

#include <string.h>

#include "esim/capability.h"
#include "esim/exchange.h"

#define BEGIN(name)          "<c:" name " xmlns:c=\"" CONTRACT_SPACE "\">"
#define END(name)            "</c:" name ">"
#define MUST(element, value) "<c:" element ">{{" value "}}</c:" element ">"
#define MAY(element, value)  "{{#" value "}}" MUST(element, value) "{{/" value "}}"
#define REQUEST              MUST("requestId", "operation")
#define ACTION(name)         CONTRACT_SPACE ":" name
#define CODE                 "*/c:result/c:code"

#define PROFILE                                                         \
    { "iccid", "*/c:profile/c:iccid" }, { "eid", "*/c:profile/c:eid" }, \
        { "state", "*/c:profile/c:state" },                             \
        { "matching_id", "*/c:profile/c:matchingId" },                  \
        { "smdp_address", "*/c:profile/c:smdpAddress" },                \
        { "activation_code", "*/c:profile/c:activationCode" },          \
    {                                                                   \
        "at", "*/c:profile/c:changedAt"                                 \
    }
enum { PROFILE_FIELDS = 7, LINE_FIELDS = 2, USAGE_FIELDS = 6 };
#define LINE                                         \
    { "line_state", "*/c:line/c:lineState" },        \
    {                                                \
        "carrier_ref", "*/c:line/c:carrierReference" \
    }
#define LINE_CHANGE(name)                                                \
    BEGIN(name)                                                          \
    REQUEST MAY("clientReference", "order_ref") MUST("msisdn", "msisdn") \
        MAY("reason", "reason") END(name)

/* clang-format off */
static const struct operation defaults[] = {
{ .name = ESIM_PROFILE_ORDER, .action = ACTION("OrderProfile"), .repeat = ESIM_ONCE,
  .template = BEGIN("OrderProfile") REQUEST MUST("clientReference", "order_ref")
              "{{#iccid}}" MAY("profileType", "profile_type") "{{/iccid}}"
              "{{^iccid}}" MUST("profileType", "profile_type") "{{/iccid}}"
              MAY("iccid", "iccid") MAY("eid", "eid")
              MAY("imei", "imei") MAY("msisdn", "msisdn") MAY("plan", "plan")
              END("OrderProfile"),
  .code = CODE, .fields = { PROFILE }, .field_count = PROFILE_FIELDS },
{ .name = PROFILE_FIND, .action = ACTION("QueryProfile"), .repeat = ESIM_SAFE,
  .template = BEGIN("QueryProfile") REQUEST MUST("clientReference", "order_ref")
              END("QueryProfile"),
  .code = CODE, .fields = { PROFILE }, .field_count = PROFILE_FIELDS },
{ .name = ESIM_PROFILE_CONFIRM, .action = ACTION("ConfirmProfile"),
  .repeat = ESIM_IDEMPOTENT,
  .template = BEGIN("ConfirmProfile") REQUEST MUST("iccid", "iccid") MAY("eid", "eid")
              MAY("matchingId", "matching_id")
              MAY("confirmationCode", "confirmation_code")
              MAY("smdsAddress", "smds_address") MAY("release", "release")
              END("ConfirmProfile"),
  .code = CODE, .fields = { PROFILE }, .field_count = PROFILE_FIELDS },
{ .name = ESIM_PROFILE_CANCEL, .action = ACTION("CancelProfile"),
  .repeat = ESIM_IDEMPOTENT,
  .template = BEGIN("CancelProfile") REQUEST MUST("iccid", "iccid") MAY("eid", "eid")
              MAY("matchingId", "matching_id") MAY("finalState", "final_state")
              END("CancelProfile"),
  .code = CODE, .fields = { PROFILE }, .field_count = PROFILE_FIELDS },
{ .name = ESIM_PROFILE_STATUS, .action = ACTION("QueryProfile"), .repeat = ESIM_SAFE,
  .template = BEGIN("QueryProfile") REQUEST MUST("iccid", "iccid") END("QueryProfile"),
  .code = CODE, .fields = { PROFILE }, .field_count = PROFILE_FIELDS },
{ .name = ESIM_LINE_ACTIVATE, .action = ACTION("ActivateLine"),
  .repeat = ESIM_IDEMPOTENT,
  .template = BEGIN("ActivateLine") REQUEST MAY("clientReference", "order_ref")
              MUST("msisdn", "msisdn") MAY("iccid", "iccid") MAY("eid", "eid")
              MAY("plan", "plan") END("ActivateLine"),
  .code = CODE, .fields = { LINE }, .field_count = LINE_FIELDS },
{ .name = ESIM_LINE_SUSPEND, .action = ACTION("SuspendLine"), .repeat = ESIM_IDEMPOTENT,
  .template = LINE_CHANGE("SuspendLine"),
  .code = CODE, .fields = { LINE }, .field_count = LINE_FIELDS },
{ .name = ESIM_LINE_RESUME, .action = ACTION("ResumeLine"), .repeat = ESIM_IDEMPOTENT,
  .template = LINE_CHANGE("ResumeLine"),
  .code = CODE, .fields = { LINE }, .field_count = LINE_FIELDS },
{ .name = ESIM_LINE_TERMINATE, .action = ACTION("TerminateLine"),
  .repeat = ESIM_IDEMPOTENT,
  .template = LINE_CHANGE("TerminateLine"),
  .code = CODE, .fields = { LINE }, .field_count = LINE_FIELDS },
{ .name = ESIM_USAGE_READ, .action = ACTION("ReadUsage"), .repeat = ESIM_SAFE,
  .template = BEGIN("ReadUsage") REQUEST MAY("msisdn", "msisdn") MAY("iccid", "iccid")
              MUST("from", "from") MUST("to", "to") END("ReadUsage"),
  .code = CODE, .each = "*/c:record",
  .fields = { { "from", "c:from" }, { "to", "c:to" }, { "bytes_down", "c:bytesDown" },
              { "bytes_up", "c:bytesUp" }, { "sms", "c:sms" },
              { "seconds", "c:seconds" } },
  .field_count = USAGE_FIELDS },
};
/* clang-format on */

enum { OPERATION_COUNT = sizeof defaults / sizeof defaults[0] };

static const struct operation *default_of(const char *name)
{
    for (size_t i = 0; i < OPERATION_COUNT; i++)
        if (strcmp(defaults[i].name, name) == 0)
            return &defaults[i];
    return NULL;
}

bool operation_is_known(const char *name, bool *ret_is_safe)
{
    const struct operation *found = default_of(name);
    *ret_is_safe = found != NULL && found->repeat == ESIM_SAFE;
    return found != NULL;
}

/* What may be repeated is the operator's to say; reading stays reading. */
static esim_repeat repeat_of(const json_t *json, const struct operation *known)
{
    const char *text = esim_json_text(json, "repeat");
    if (known->repeat == ESIM_SAFE)
        return ESIM_SAFE;
    return text != NULL && strcmp(text, "idempotent") == 0 ? ESIM_IDEMPOTENT
                                                           : ESIM_ONCE;
}

static const char *text_or(const json_t *json, const char *key, const char *otherwise)
{
    const char *text = esim_json_text(json, key);
    return text != NULL ? text : otherwise;
}

static void read_fields(const json_t *json, struct operation *ret)
{
    const char *member = NULL;
    json_t *path = NULL;
    json_object_foreach((json_t *)json, member, path)
    {
        if (ret->field_count < FIELDS_MOST && json_is_string(path))
            ret->fields[ret->field_count++] = (struct field){ member,
                                                              json_string_value(path) };
    }
}

bool operation_of(const json_t *settings, const char *name, struct operation *ret)
{
    const json_t *own = json_object_get(settings, "operations");
    const struct operation *known = default_of(name);
    if (known == NULL)
        return false;
    if (json_object_size(own) == 0) {
        *ret = *known;
        return true;
    }
    const json_t *json = json_object_get(own, name);
    *ret = (struct operation){
        .name = known->name,
        .template = esim_json_text(json, "template"),
        .action = text_or(json, "action", ""),
        .path = esim_json_text(json, "path"),
        .code = esim_json_text(json, "code"),
        .each = known->each == NULL ? NULL : esim_json_text(json, "each"),
        .repeat = repeat_of(json, known),
    };
    read_fields(json_object_get(json, "result"), ret);
    return ret->template != NULL && ret->code != NULL;
}

const json_t *contract_namespaces(const json_t *settings)
{
    const json_t *own = json_object_get(settings, "namespaces");
    if (json_object_size(own) > 0)
        return own;
    json_t *ours = json_object();
    esim_json_put(ours, "c", CONTRACT_SPACE);
    return ours;
}
