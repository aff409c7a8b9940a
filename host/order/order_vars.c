#include "order/order_vars.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "esim/capability.h"
#include "profile/activation_code.h"
#include "profile/identifier.h"
#include "profile/profile_state.h"

enum { CONTEXT_SIZE = 64, INPUT_MEMBERS = 10 };

struct input_row {
    const char *capability;
    const char *members[INPUT_MEMBERS]; /* NULL-ended. */
};

/* clang-format off */
static const struct input_row inputs[] = {
    { ESIM_PROFILE_ORDER,   { "eid", "iccid", "profile_type", "msisdn", "imei", "order_ref", "plan" } },
    { ESIM_PROFILE_CONFIRM, { "iccid", "eid", "matching_id", "confirmation_code", "smds_address", "release" } },
    { ESIM_PROFILE_RELEASE, { "iccid" } },
    { ESIM_PROFILE_CANCEL,  { "iccid", "eid", "matching_id", "final_state" } },
    { ESIM_PROFILE_STATUS,  { "iccid" } },
    { ESIM_LINE_ACTIVATE,   { "msisdn", "iccid", "eid", "plan", "order_ref" } },
    { ESIM_LINE_SUSPEND,    { "msisdn", "reason", "order_ref" } },
    { ESIM_LINE_RESUME,     { "msisdn", "order_ref" } },
    { ESIM_LINE_TERMINATE,  { "msisdn", "reason", "order_ref" } },
    { ESIM_USAGE_READ,      { "msisdn", "iccid", "from", "to" } },
    { ESIM_ENTITLEMENT_CHECK, { "eid", "imei", "msisdn", "iccid" } },
    { ESIM_SMS_SEND,        { "to", "msisdn", "text", "order_ref" } },
    { ESIM_DEVICE_LIST,     { "since", "cursor", "limit" } },
    { ESIM_DEVICE_READ,     { "device_id" } },
    { ESIM_DEVICE_ASSIGN,   { "device_id", "activation_code", "iccid", "group", "eid", "dry_run", "order_ref" } },
    { ESIM_DEVICE_ACTIVATE, { "device_id", "carrier_url", "dry_run", "order_ref" } },
    { ESIM_DEVICE_COMPLIANCE, { "device_id" } },
    { ESIM_DEVICE_NOTIFY,   { "device_id", "title", "text", "dry_run", "order_ref" } },
    { ESIM_DEVICE_SYNC,     { "device_id", "dry_run", "order_ref" } },
    { ESIM_DEVICE_RETIRE,   { "device_id", "dry_run", "order_ref" } },
    { ESIM_GROUP_CHANGE,    { "group", "name", "add", "remove", "dry_run", "order_ref" } },
    { ESIM_SCRIPT_DEPLOY,   { "name", "content", "group", "run_as", "devices_expected", "dry_run", "order_ref" } },
    { ESIM_CONFIG_DEPLOY,   { "name", "settings", "group", "dry_run", "order_ref" } },
};

/* Texts that a result may bring; the first ones are looked at before they become ours. */
static bool check_eid(const char *text, const char *field, struct err *err);
static bool check_code(const char *text, const char *field, struct err *err);
static bool check_line_state(const char *text, const char *field, struct err *err);
static const struct {
    const char *name;
    bool (*check)(const char *text, const char *field, struct err *err);
} results[] = {
    { "eid",             check_eid },
    { "activation_code", check_code },
    { "matching_id",     NULL }, /* Checked when the code is built from them. */
    { "smdp_address",    NULL },
    { "state",           NULL },
    { "line_state",      check_line_state },
    { "carrier_ref",     NULL },
    { "message_id",      NULL },
    { "at",              NULL },
    { "assignment_id",   NULL },
    { "targeting",       NULL },
    { "group_id",        NULL },
    { "pool_id",         NULL },
    { "compliance",      NULL },
    { "script_id",       NULL },
    { "config_id",       NULL },
    { "cursor",          NULL },
};

/* Other values that a result may bring, and their type. */
static const struct {
    const char *name;
    json_type type;
} values[] = {
    { "records",   JSON_ARRAY },
    { "devices",   JSON_ARRAY },
    { "policies",  JSON_ARRAY },
    { "succeeded", JSON_INTEGER },
    { "failed",    JSON_INTEGER },
    { "added",     JSON_INTEGER },
    { "removed",   JSON_INTEGER },
    { "would",     JSON_ARRAY },
};
/* clang-format on */

static bool check_eid(const char *text, const char *field, struct err *err)
{
    char canonical[EID_SIZE];
    return eid_read(slice_of(text), field, canonical, err);
}

static bool check_code(const char *text, const char *field, struct err *err)
{
    struct activation_code parts;
    bool ok = activation_code_read(slice_of(text), ACTIVATION_CODE_ANY_CASE, field,
                                   &parts, err);
    explicit_bzero(&parts, sizeof parts);
    return ok;
}

static bool check_line_state(const char *text, const char *field, struct err *err)
{
    enum line_state known;
    return line_state_read(text, &known) ||
           err_field(err, field,
                     "expected PROVISIONED, ACTIVE, SUSPENDED or DELETED, found "
                     "\"%.40s\"",
                     text);
}

json_t *order_vars_new(const struct order_request *request, const char *order_id)
{
    json_t *vars = json_object();
    json_put_text(vars, "order_ref", order_id);
    json_put_text(vars, "plan", request->plan);
    json_put_text(vars, "eid", request->eid);
    json_put_text(vars, "imei", request->imei);
    json_put_text(vars, "iccid", request->iccid);
    json_put_text(vars, "msisdn", request->msisdn);
    json_put_text(vars, "profile_type", request->profile_type);
    json_put_text(vars, "confirmation_code", request->confirmation_code);
    json_put_text(vars, "text", request->text);
    if (strcmp(request->type, ESIM_SMS_SEND) == 0)
        json_put_text(vars, "to",
                      request->msisdn); /* Whom the policy was asked about. */
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)request->extra, key,
                        value) if (json_object_get(vars, key) == NULL)
        json_object_set(vars, key, value);
    if (json_object_get(vars, "final_state") == NULL)
        json_put_text(vars, "final_state", "Available");
    return vars;
}

/* A message that was sent is nobody's business any longer; where a list went on from
 * is not where the next one goes on. */
void order_vars_forget(json_t *vars, const char *capability)
{
    if (strcmp(capability, ESIM_SMS_SEND) == 0)
        json_object_del(vars, "text");
    if (strcmp(capability, ESIM_DEVICE_LIST) == 0)
        json_object_del(vars, "cursor");
}

static void context_of(const char *order_id, char ret[CONTEXT_SIZE])
{
    int length = snprintf(ret, CONTEXT_SIZE, "orders/vars/%s", order_id);
    assert(length > 0 && length < CONTEXT_SIZE);
}

bool order_vars_seal(const struct sealer *sealer, const char *tenant,
                     const char *order_id, const json_t *vars, struct buf *ret,
                     struct err *err)
{
    char context[CONTEXT_SIZE];
    context_of(order_id, context);
    struct buf plain;
    buf_init(&plain, ORDER_VARS_LIMIT_BYTES);
    json_write(vars, &plain);
    bool ok = buf_ok(&plain)
                  ? seal(sealer, tenant, context, buf_slice(&plain), ret, err)
                  : err_set(err, ERR_LIMIT,
                            "an order's variables take more than %d bytes",
                            ORDER_VARS_LIMIT_BYTES);
    buf_finish_secret(&plain);
    return ok;
}

json_t *order_vars_open(const struct sealer *sealer, const char *tenant,
                        const char *order_id, struct slice sealed, struct err *err)
{
    char context[CONTEXT_SIZE];
    context_of(order_id, context);
    struct buf plain;
    buf_init(&plain, ORDER_VARS_LIMIT_BYTES);
    json_t *vars = NULL;
    if (seal_open(sealer, tenant, context, sealed, &plain, err))
        vars = json_read(buf_slice(&plain), err);
    buf_finish_secret(&plain);
    if (vars == NULL)
        err_wrap(err, "opening the variables of order %s", order_id);
    return vars;
}

bool order_vars_takes(const char *capability, const char *member)
{
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        if (strcmp(inputs[i].capability, capability) != 0)
            continue;
        for (const char *const *name = inputs[i].members; *name != NULL; name++)
            if (strcmp(*name, member) == 0)
                return true;
    }
    return false;
}

json_t *order_vars_input(const json_t *vars, const char *capability)
{
    json_t *input = json_object();
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        if (strcmp(inputs[i].capability, capability) != 0)
            continue;
        for (const char *const *name = inputs[i].members; *name != NULL; name++) {
            json_t *value = json_object_get(vars, *name);
            if (value != NULL)
                json_object_set(input, *name, value);
        }
    }
    return input;
}

static bool merge_iccid(json_t *vars, const json_t *result, struct err *err)
{
    const char *text = json_text(result, "iccid");
    struct iccid iccid;
    if (text == NULL)
        return true;
    if (!iccid_read(slice_of(text), "/iccid", &iccid, err))
        return false;
    const char *known = json_text(vars, "iccid");
    if (known != NULL && strcmp(known, iccid.digits) != 0)
        return err_field(err, "/iccid", "expected the order's ICCID %s, found %s",
                         known, iccid.digits);
    json_put_text(vars, "iccid", iccid.digits);
    return true;
}

static bool merge_texts(json_t *vars, const json_t *result, struct err *err)
{
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        const char *text = json_text(result, results[i].name);
        char field[40];
        if (text == NULL)
            continue;
        int length = snprintf(field, sizeof field, "/%s", results[i].name);
        assert(length > 0 && length < (int)sizeof field);
        if (results[i].check != NULL && !results[i].check(text, field, err))
            return false;
        json_put_text(vars, results[i].name, text);
    }
    return true;
}

static bool merge_values(json_t *vars, const json_t *result, struct err *err)
{
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        json_t *value = json_object_get(result, values[i].name);
        if (value == NULL)
            continue;
        if (json_typeof(value) != values[i].type)
            return err_set(err, ERR_INVALID, "%s is of another type than agreed",
                           values[i].name);
        json_object_set(vars, values[i].name, value);
    }
    /* The last page has no cursor; the one it was asked with is spent. */
    if (json_object_get(result, "devices") != NULL &&
        json_object_get(result, "cursor") == NULL)
        json_object_del(vars, "cursor");
    return true;
}

static bool build_code(json_t *vars, struct err *err)
{
    const char *address = json_text(vars, "smdp_address");
    const char *matching_id = json_text(vars, "matching_id");
    if (json_text(vars, "activation_code") != NULL || address == NULL ||
        matching_id == NULL)
        return true;
    struct activation_code parts = {
        .confirmation_required = json_text(vars, "confirmation_code") != NULL,
    };
    char code[ACTIVATION_CODE_SIZE];
    bool ok = (slice_copy(slice_of(address), parts.smdp_address,
                          sizeof parts.smdp_address) &&
               slice_copy(slice_of(matching_id), parts.matching_id,
                          sizeof parts.matching_id)) ||
              err_field(err, "/smdp_address",
                        "expected an activation code of at most 255 "
                        "characters, found longer parts");
    ok = ok && activation_code_write(&parts, ACTIVATION_CODE_ANY_CASE, "", code, err);
    if (ok)
        json_put_text(vars, "activation_code", code);
    explicit_bzero(code, sizeof code);
    explicit_bzero(&parts, sizeof parts);
    return ok;
}

bool order_vars_merge(json_t *vars, const json_t *result, struct err *err)
{
    if (!json_is_object(result))
        return err_set(err, ERR_INVALID, "the result is not a JSON object");
    if (!merge_iccid(vars, result, err) || !merge_texts(vars, result, err) ||
        !build_code(vars, err))
        return err_wrap(err, "the adapter's result");
    return merge_values(vars, result, err);
}

json_t *order_vars_result(const json_t *vars, const struct plan *plan)
{
    json_t *result = NULL;
    for (const char *const *name = plan->shows; *name != NULL; name++) {
        json_t *value = json_object_get(vars, *name);
        if (value == NULL)
            continue;
        if (result == NULL)
            result = json_object();
        json_object_set(result, *name, value);
    }
    return result;
}
