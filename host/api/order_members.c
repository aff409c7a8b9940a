#include "api/order_members.h"

#include <stddef.h>
#include <string.h>

#include "api/call.h"
#include "api/member.h"
#include "api/worker.h"
#include "base/json.h"
#include "order/order_vars.h"

static void read_identifiers(const json_t *body, const struct number_plan *numbers,
                             struct order_members *ret)
{
    const char *iccid = json_text(body, "iccid"), *msisdn = json_text(body, "msisdn");
    if (iccid != NULL && iccid_read(slice_of(iccid), "", &ret->iccid, NULL))
        ret->request.iccid = ret->iccid.digits;
    if (msisdn != NULL && msisdn_read(slice_of(msisdn), numbers, "", ret->msisdn, NULL))
        ret->request.msisdn = ret->msisdn;
}

void order_members_read(const json_t *body, const struct number_plan *numbers,
                        struct order_members *ret)
{
    const json_t *device = json_object_get(body, "device");
    ret->request = (struct order_request){
        .type = json_text(body, "type"),
        .plan = json_text(body, "plan"),
        .carrier = json_text(body, "carrier"),
        .external_id = json_text(body, "external_id"),
        .eid = json_text(device, "eid"),
        .imei = json_text(device, "imei"),
        .profile_type = json_text(body, "profile_type"),
        .confirmation_code = json_text(body, "confirmation_code"),
        .text = json_text(body, "text"),
        .extra = json_object_get(body, "extra"),
    };
    read_identifiers(body, numbers, ret);
}

/* ---- what a type takes and needs ---- */

#define AT(member) offsetof(struct order_request, member)

/* What stands in the order itself; the policy sees it and its form is checked. Everything
 * else stands in `extra`. */
static const struct own {
    const char *name, *pointer;
    size_t offset;    /* Of its text in struct order_request. */
    const char *only; /* The one order type that takes it; for others it is no own. */
} owns[] = {
    /* clang-format off */
    { "msisdn",            "/msisdn",            AT(msisdn),            NULL },
    { "iccid",             "/iccid",             AT(iccid),             NULL },
    { "eid",               "/device/eid",        AT(eid),               NULL },
    { "imei",              "/device/imei",       AT(imei),              NULL },
    { "plan",              "/plan",              AT(plan),              NULL },
    { "profile_type",      "/profile_type",      AT(profile_type),      NULL },
    { "confirmation_code", "/confirmation_code", AT(confirmation_code), NULL },
    { "text",              "/text",              AT(text),              "sms.send" },
    /* clang-format on */
};
enum { OWN_COUNT = sizeof owns / sizeof owns[0] };

static const char *value_of(const struct order_request *request, const struct own *own)
{
    return *(const char *const *)((const char *)request + own->offset);
}

static bool takes(const struct plan *plan, const struct own *own)
{
    return own->only == NULL || strcmp(own->only, plan->name) == 0;
}

/* NULL: it stands in `extra`. */
static const struct own *own_of(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < OWN_COUNT; i++)
        if (strcmp(owns[i].name, name) == 0 && takes(plan, &owns[i]))
            return &owns[i];
    return NULL;
}

bool order_members_have(const struct order_request *request, const char *name)
{
    for (size_t i = 0; i < OWN_COUNT; i++)
        if (strcmp(owns[i].name, name) == 0)
            return value_of(request, &owns[i]) != NULL;
    return false;
}

static void check_needs(const struct order_request *request, const struct plan *plan,
                        struct faults *faults)
{
    for (const char *const *name = plan->needs; *name != NULL; name++) {
        const struct own *own = own_of(plan, *name);
        bool is_there = own != NULL ? value_of(request, own) != NULL
                                    : json_object_get(request->extra, *name) != NULL;
        const char *pointer = own != NULL
                                  ? own->pointer
                                  : arena_format(faults->arena, "/extra/%s", *name);
        if (!is_there)
            faults_add(faults, pointer == NULL ? "" : pointer,
                       "an order of type %s needs it", plan->name);
    }
}

/* A number in `extra` would pass by the policy. */
static void check_places(const struct order_request *request, const struct plan *plan,
                         struct faults *faults)
{
    for (size_t i = 0; i < OWN_COUNT; i++) {
        const struct own *own = &owns[i];
        char *pointer = arena_format(faults->arena, "/extra/%s", own->name);
        if (!takes(plan, own) && value_of(request, own) != NULL)
            faults_add(faults, own->pointer, "only an order of type %s takes it",
                       own->only);
        if (takes(plan, own) && json_object_get(request->extra, own->name) != NULL)
            faults_add(faults, pointer == NULL ? "" : pointer,
                       "it stands in the order itself, as %s", own->pointer);
    }
}

/* The forms of members of `extra`, by type: what can be told from the input alone is not
 * left to an adapter. */
static const struct {
    const char *type;
    struct member member;
} forms[] = {
    { "usage.read", { .name = "from", .format = "time" } },
    { "usage.read", { .name = "to", .format = "time" } },
    { "profile.cancel", { .name = "final_state", .format = "Available|Unavailable" } },
    { "device.list", { .name = "since", .format = "time" } },
};

static void check_form(const struct order_request *request, const struct member *member,
                       struct faults *faults)
{
    const json_t *value = json_object_get(request->extra, member->name);
    const char *pointer = arena_format(faults->arena, "/extra/%s", member->name);
    if (value == NULL || pointer == NULL)
        return;
    if (json_is_string(value))
        member_check_text(member, pointer, json_string_value(value), faults);
    else
        faults_add(faults, pointer, "a text is expected");
}

/* Both have the same form, so that the order of texts is the order of times. */
static void check_period(const struct order_request *request, struct faults *faults)
{
    const char *from = json_text(request->extra, "from");
    const char *to = json_text(request->extra, "to");
    if (from != NULL && to != NULL && strcmp(from, to) >= 0)
        faults_add(faults, "/extra/to", "a time after from (%s) is expected", from);
}

static void check_forms(const struct order_request *request, const struct plan *plan,
                        struct faults *faults)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (strcmp(forms[i].type, plan->name) == 0)
            check_form(request, &forms[i].member, faults);
    if (faults->count == 0 && strcmp(plan->name, "usage.read") == 0)
        check_period(request, faults);
}

/* What the steps' adapters would leave out silently, were it of another type. */
static const struct {
    const char *name;
    json_type type;
    const char *expected;
} extras[] = {
    /* clang-format off */
    { "device_id",        JSON_STRING,  "a text" },
    { "cursor",           JSON_STRING,  "a text" },
    { "limit",            JSON_INTEGER, "a whole number" },
    { "group",            JSON_STRING,  "a text" },
    { "activation_code",  JSON_STRING,  "a text" },
    { "carrier_url",      JSON_STRING,  "a URL as text" },
    { "title",            JSON_STRING,  "a text" },
    { "name",             JSON_STRING,  "a text" },
    { "content",          JSON_STRING,  "a text" },
    { "run_as",           JSON_STRING,  "a text" },
    { "devices_expected", JSON_INTEGER, "a whole number" },
    { "add",              JSON_ARRAY,   "a list" },
    { "remove",           JSON_ARRAY,   "a list" },
    { "settings",         JSON_ARRAY,   "a list" },
    { "dry_run",          JSON_TRUE,    "true or false" },
    /* clang-format on */
};

static bool is_of(const json_t *value, json_type type)
{
    return type == JSON_TRUE ? json_is_boolean(value) : json_typeof(value) == type;
}

static void check_extras(const struct order_request *request, struct faults *faults)
{
    for (size_t i = 0; i < sizeof extras / sizeof extras[0]; i++) {
        const json_t *value = json_object_get(request->extra, extras[i].name);
        char *pointer = arena_format(faults->arena, "/extra/%s", extras[i].name);
        if (value != NULL && !is_of(value, extras[i].type))
            faults_add(faults, pointer == NULL ? "" : pointer, "expected %s",
                       extras[i].expected);
    }
}

/* A wish to change nothing must not be overlooked. */
static void check_dry_run(const struct order_request *request, const struct plan *plan,
                          struct faults *faults)
{
    if (json_object_get(request->extra, "dry_run") == NULL)
        return;
    for (size_t i = 0; i < plan->step_count; i++)
        if (!order_vars_takes(plan->steps[i].capability, "dry_run")) {
            faults_add(faults, "/extra/dry_run", "an order of type %s has no dry run",
                       plan->name);
            return;
        }
}

/* The schema has a cap that no setting can pass. */
static void check_text(const struct order_request *request, int64_t most_bytes,
                       struct faults *faults)
{
    size_t size = request->text == NULL ? 0 : strlen(request->text);
    if (size > (size_t)most_bytes)
        faults_add(faults, "/text", "at most %lld bytes, not %zu",
                   (long long)most_bytes, size);
}

bool order_members_check(struct call *call, const struct order_request *request,
                         const struct plan *plan)
{
    const struct settings *settings = call->worker->shared->parts.settings;
    struct faults faults;
    faults_init(&faults, call->arena, NULL);
    check_needs(request, plan, &faults);
    check_places(request, plan, &faults);
    check_forms(request, plan, &faults);
    check_extras(request, &faults);
    check_dry_run(request, plan, &faults);
    check_text(request, settings_int(settings, SET_ORDER_TEXT_BYTES), &faults);
    if (faults.count > 0)
        call_faults(call, &faults);
    return faults.count == 0;
}
