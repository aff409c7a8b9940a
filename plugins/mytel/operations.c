#include "operations.h"

#include <string.h>

#include "esim/capability.h"
#include "esim/exchange.h"

/* clang-format off */
static const struct field order_params[] = {
    { "iccid",             TAG_ICCID,             FORM_ICCID,  false },
    { "profile_type",      TAG_PROFILE_TYPE,      FORM_TEXT,   false },
    { "eid",               TAG_EID,               FORM_EID,    false },
    { "msisdn",            TAG_MSISDN,            FORM_MSISDN, false },
    { "imei",              TAG_IMEI,              FORM_TEXT,   false },
    { "plan",              TAG_PLAN,              FORM_TEXT,   false },
    { "order_ref",         TAG_ORDER_REF,         FORM_TEXT,   false },
    { NULL, 0, 0, false },
};
static const struct field confirm_params[] = {
    { "iccid",             TAG_ICCID,             FORM_ICCID,  true },
    { "release",           TAG_RELEASE,           FORM_FLAG,   false },
    { "eid",               TAG_EID,               FORM_EID,    false },
    { "matching_id",       TAG_MATCHING_ID,       FORM_TEXT,   false },
    { "confirmation_code", TAG_CONFIRMATION_CODE, FORM_TEXT,   false },
    { "smds_address",      TAG_SMDS_ADDRESS,      FORM_TEXT,   false },
    { NULL, 0, 0, false },
};
static const struct field iccid_params[] = {
    { "iccid",             TAG_ICCID,             FORM_ICCID,  true },
    { NULL, 0, 0, false },
};
static const struct field cancel_params[] = {
    { "iccid",             TAG_ICCID,             FORM_ICCID,  true },
    { "final_state",       TAG_FINAL_STATE,       FORM_STATE,  true },
    { "eid",               TAG_EID,               FORM_EID,    false },
    { "matching_id",       TAG_MATCHING_ID,       FORM_TEXT,   false },
    { NULL, 0, 0, false },
};
static const struct field activate_params[] = {
    { "msisdn",            TAG_MSISDN,            FORM_MSISDN, true },
    { "iccid",             TAG_ICCID,             FORM_ICCID,  false },
    { "eid",               TAG_EID,               FORM_EID,    false },
    { "plan",              TAG_PLAN,              FORM_TEXT,   false },
    { "order_ref",         TAG_ORDER_REF,         FORM_TEXT,   false },
    { NULL, 0, 0, false },
};
static const struct field line_params[] = {
    { "msisdn",            TAG_MSISDN,            FORM_MSISDN, true },
    { "reason",            TAG_LINE_REASON,       FORM_TEXT,   false },
    { "order_ref",         TAG_ORDER_REF,         FORM_TEXT,   false },
    { NULL, 0, 0, false },
};
static const struct field usage_params[] = {
    { "msisdn",            TAG_MSISDN,            FORM_MSISDN, false },
    { "iccid",             TAG_ICCID,             FORM_ICCID,  false },
    { "from",              TAG_FROM,              FORM_TIME,   true },
    { "to",                TAG_TO,                FORM_TIME,   true },
    { NULL, 0, 0, false },
};

static const struct field order_results[] = {
    { "iccid",             TAG_ICCID,             FORM_TEXT,   true },
    { "state",             TAG_PROFILE_STATE,     FORM_STATE,  true },
    { "eid",               TAG_EID,               FORM_TEXT,   false },
    { NULL, 0, 0, false },
};
static const struct field confirm_results[] = {
    { "matching_id",       TAG_MATCHING_ID,       FORM_TEXT,   true },
    { "activation_code",   TAG_ACTIVATION_CODE,   FORM_TEXT,   true },
    { "state",             TAG_PROFILE_STATE,     FORM_STATE,  true },
    { "smdp_address",      TAG_SMDP_ADDRESS,      FORM_TEXT,   false },
    { "eid",               TAG_EID,               FORM_TEXT,   false },
    { NULL, 0, 0, false },
};
static const struct field state_results[] = {
    { "state",             TAG_PROFILE_STATE,     FORM_STATE,  true },
    { NULL, 0, 0, false },
};
static const struct field status_results[] = {
    { "state",             TAG_PROFILE_STATE,     FORM_STATE,  true },
    { "eid",               TAG_EID,               FORM_TEXT,   false },
    { "at",                TAG_AT,                FORM_TIME,   false },
    { NULL, 0, 0, false },
};
static const struct field line_results[] = {
    { "line_state",        TAG_LINE_STATE,        FORM_LINE_STATE, true },
    { "carrier_ref",       TAG_CARRIER_REF,       FORM_TEXT,   false },
    { NULL, 0, 0, false },
};
static const struct field usage_results[] = {
    { NULL, 0, 0, false }, /* Records are counted apart. */
};

static const struct operation operations[] = {
    { ESIM_PROFILE_ORDER,   OP_PROFILE_ORDER,   true,  { "iccid", "profile_type" },
      order_params,    order_results },
    { ESIM_PROFILE_CONFIRM, OP_PROFILE_CONFIRM, true,  { NULL },
      confirm_params,  confirm_results },
    { ESIM_PROFILE_RELEASE, OP_PROFILE_RELEASE, true,  { NULL },
      iccid_params,    state_results },
    { ESIM_PROFILE_CANCEL,  OP_PROFILE_CANCEL,  true,  { NULL },
      cancel_params,   state_results },
    { ESIM_PROFILE_STATUS,  OP_PROFILE_STATUS,  false, { NULL },
      iccid_params,    status_results },
    { ESIM_LINE_ACTIVATE,   OP_LINE_ACTIVATE,   true,  { NULL },
      activate_params, line_results },
    { ESIM_LINE_SUSPEND,    OP_LINE_SUSPEND,    true,  { NULL },
      line_params,     line_results },
    { ESIM_LINE_RESUME,     OP_LINE_RESUME,     true,  { NULL },
      line_params,     line_results },
    { ESIM_LINE_TERMINATE,  OP_LINE_TERMINATE,  true,  { NULL },
      line_params,     line_results },
    { ESIM_USAGE_READ,      OP_USAGE_READ,      false, { "msisdn", "iccid" },
      usage_params,    usage_results },
};
/* clang-format on */

const struct operation *mytel_operation(struct esim_bytes capability)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
        if (esim_is(capability, operations[i].capability))
            return &operations[i];
    return NULL;
}

/* ---- input to values ---- */

/* 32 digits whose number mod 97 is 1 (SGP.02 2.2.2, SGP.29). */
static bool eid_is_sound(const char *text)
{
    unsigned rest = 0;
    for (const char *digit = text; *digit != '\0'; digit++)
        rest = (rest * 10 + (unsigned)(*digit - '0')) % 97;
    return rest == 1;
}

static bool put_text(struct tlv_out *out, const struct field *field,
                     const json_t *value)
{
    mytel_tlv_put(out, field->tag, json_string_value(value), json_string_length(value));
    return true;
}

/* 19 digits with and without the pad F name the same profile (SGP.22 5.2.1). */
static bool put_iccid(struct tlv_out *out, const struct field *field,
                      const json_t *value)
{
    const char *text = json_string_value(value);
    size_t size = json_string_length(value);
    if (size > 0 && strchr("Ff", text[size - 1]) != NULL)
        size--;
    mytel_tlv_put(out, field->tag, text, size);
    return true;
}

static bool put_eid(struct tlv_out *out, const struct field *field, const json_t *value)
{
    put_text(out, field, value);
    return eid_is_sound(json_string_value(value));
}

static bool put_msisdn(struct tlv_out *out, const struct field *field,
                       const json_t *value)
{
    const char *text = json_string_value(value);
    size_t plus = text[0] == '+' ? 1 : 0;
    mytel_tlv_put(out, field->tag, text + plus, json_string_length(value) - plus);
    return true;
}

static bool put_flag(struct tlv_out *out, const struct field *field,
                     const json_t *value)
{
    mytel_tlv_put_number(out, field->tag, json_is_true(value) ? 1 : 0);
    return value == NULL || json_is_boolean(value);
}

static bool put_time(struct tlv_out *out, const struct field *field,
                     const json_t *value)
{
    int64_t ms = esim_time_read(json_string_value(value));
    mytel_tlv_put_number(out, field->tag, (uint64_t)ms);
    return ms >= 0;
}

/* What an order may be given back as. */
static bool put_state(struct tlv_out *out, const struct field *field,
                      const json_t *value)
{
    uint64_t number = mytel_profile_state_of(json_string_value(value));
    mytel_tlv_put_number(out, field->tag, number);
    return number == mytel_profile_state_of("Available") ||
           number == mytel_profile_state_of("Unavailable");
}

/* clang-format off */
static const struct {
    bool (*put)(struct tlv_out *out, const struct field *field, const json_t *value);
    bool is_text; /* Else it is asked for in any case, absent or not. */
    const char *expected;
} forms[FORM_COUNT] = {
    [FORM_TEXT]   = { put_text,   true,  "a text without control characters, 1 to 64 "
                                         "bytes (an address 255)" },
    [FORM_ICCID]  = { put_iccid,  true,  "18 to 20 digits" },
    [FORM_EID]    = { put_eid,    true,  "32 digits with right check digits" },
    [FORM_MSISDN] = { put_msisdn, true,  "8 to 15 digits with the country's, such as "
                                         "+959790000001" },
    [FORM_FLAG]   = { put_flag,   false, "true or false" },
    [FORM_TIME]   = { put_time,   true,  "a time such as 2026-01-02T03:04:05Z" },
    [FORM_STATE]  = { put_state,  true,  "\"Available\" or \"Unavailable\"" },
};
/* clang-format on */

static bool is_absent(const json_t *value)
{
    bool is_empty = json_is_string(value) && json_string_length(value) == 0;
    return value == NULL || json_is_null(value) || is_empty;
}

static bool fail(struct input_fault *ret, const char *key, const char *how,
                 const char *message)
{
    ret->code = esim_string(esim_format("%s_%s", key, how));
    ret->message = message;
    return false;
}

/* Writes one value and looks at it as the carrier will. */
static bool write_field(const struct field *field, const json_t *value,
                        struct tlv_out *out, struct input_fault *ret_fault)
{
    size_t before = out->size;
    uint16_t tag = 0;
    bool is_kind = !forms[field->form].is_text || json_is_string(value);
    bool fits = is_kind && forms[field->form].put(out, field, value) && !out->full;
    struct tlv_list written = { out->bytes + before, out->size - before };
    if (fits && mytel_tlv_check(written, &tag) == TLV_SOUND)
        return true;
    return fail(ret_fault, field->key, "wrong",
                esim_string(esim_format("Correct %s: expected %s.", field->key,
                                        forms[field->form].expected)));
}

static bool has_either(const struct operation *operation, const json_t *input)
{
    const char *const *either = operation->either;
    return either[0] == NULL || !is_absent(json_object_get(input, either[0])) ||
           !is_absent(json_object_get(input, either[1]));
}

bool mytel_params_write(const struct operation *operation, const json_t *input,
                        struct tlv_out *out, struct input_fault *ret_fault)
{
    for (const struct field *field = operation->params; field->key != NULL; field++) {
        const json_t *value = json_object_get(input, field->key);
        bool absent = is_absent(value);
        if (absent && field->required)
            return fail(ret_fault, field->key, "missing",
                        esim_string(esim_format("Name %s in the order: this carrier "
                                                "cannot do it without.",
                                                field->key)));
        if (absent && forms[field->form].is_text)
            continue;
        if (!write_field(field, absent ? NULL : value, out, ret_fault))
            return false;
    }
    if (!has_either(operation, input))
        return fail(
            ret_fault, operation->either[1], "missing",
            esim_string(esim_format("Name %s or %s in the order.", operation->either[0],
                                    operation->either[1])));
    return true;
}

/* ---- values to result ---- */

static json_t *text_json(struct tlv_list value)
{
    return json_stringn((const char *)value.ptr, value.size);
}

static json_t *time_json(uint64_t ms)
{
    return ms > INT64_MAX ? NULL : json_string(esim_time_text((int64_t)ms));
}

static json_t *name_json(const char *name)
{
    return name == NULL ? NULL : json_string(name);
}

static json_t *value_json(const struct field *field, struct tlv_list results)
{
    struct tlv_list value;
    uint64_t number = 0;
    if (!mytel_tlv_find(results, field->tag, &value))
        return NULL;
    mytel_tlv_number(results, field->tag, &number);
    switch (field->form) {
    case FORM_STATE:
        return name_json(mytel_profile_state(number));
    case FORM_LINE_STATE:
        return name_json(mytel_line_state(number));
    case FORM_TIME:
        return time_json(number);
    default:
        return text_json(value);
    }
}

json_t *mytel_results_read(const struct field *fields, struct tlv_list results,
                           const char **ret_missing)
{
    json_t *object = json_object();
    for (const struct field *field = fields; field->key != NULL; field++) {
        json_t *value = value_json(field, results);
        if (value == NULL && field->required) {
            *ret_missing = field->key;
            return NULL;
        }
        if (value != NULL)
            json_object_set_new(object, field->key, value);
    }
    return object;
}

static const struct {
    const char *key;
    uint16_t tag;
} counters[] = {
    { "bytes_down", TAG_BYTES_DOWN },
    { "bytes_up", TAG_BYTES_UP },
    { "sms", TAG_SMS },
    { "seconds", TAG_SECONDS },
};

json_t *mytel_record_read(struct tlv_list record)
{
    static const struct field times[] = {
        { "from", TAG_FROM, FORM_TIME, true },
        { "to", TAG_TO, FORM_TIME, true },
        { NULL, 0, 0, false },
    };
    const char *missing = NULL;
    uint64_t number = 0;
    json_t *object = mytel_results_read(times, record, &missing);
    for (size_t i = 0; object != NULL && i < sizeof counters / sizeof counters[0]; i++)
        if (mytel_tlv_number(record, counters[i].tag, &number) && number <= INT64_MAX)
            json_object_set_new(object, counters[i].key,
                                json_integer((json_int_t)number));
    return object;
}
