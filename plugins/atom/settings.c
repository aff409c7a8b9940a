#include "settings.h"

#include <string.h>

#include "esim/exchange.h"
#include "wire_code.h"

static const char *text_or(const json_t *json, const char *key, const char *otherwise)
{
    const char *text = esim_json_text(json, key);
    return text != NULL && text[0] != '\0' ? text : otherwise;
}

static bool flag_of(const json_t *json, const char *key)
{
    return json_is_true(json_object_get(json, key));
}

void es2_settings_read(const json_t *json, struct es2_settings *ret)
{
    json_int_t timeout = json_integer_value(json_object_get(json, "timeout_ms"));
    json_int_t answer = json_integer_value(
        json_object_get(json, "notification_answer"));
    *ret = (struct es2_settings){
        .requester_id = text_or(json, "requester_id", NULL),
        .base_path = text_or(json, "base_path", "/gsma/rsp2/es2plus/"),
        .protocol = text_or(json, "protocol", "gsma/rsp/v2.2.0"),
        .accept = text_or(json, "accept_protocol", "gsma/rsp/v2."),
        .protocol_optional = flag_of(json, "protocol_optional"),
        .user_agent = text_or(json, "user_agent", NULL),
        .iccid_form = ES2_ICCID_PLAIN,
        .tolerate_numbers = flag_of(json, "tolerate_numbers"),
        .timeout_ms = timeout > 0 && timeout <= UINT32_MAX ? (uint32_t)timeout : 0,
        .notification_answer = answer == 200 ? 200 : 204,
        .matching_id_upper = flag_of(json, "matching_id_upper"),
        .smdp_address = text_or(json, "smdp_address", NULL),
        .smdp_oid = text_or(json, "smdp_oid", NULL),
        .profile_type = text_or(json, "profile_type", NULL),
        .own_iccids = flag_of(json, "own_iccids"),
        .gateway_is_safe = flag_of(json, "gateway_is_safe"),
    };
    es2_iccid_form_of(text_or(json, "iccid_form", "19"), &ret->iccid_form);
}

const char *es2_settings_path(const json_t *json, const struct es2_settings *settings,
                              enum es2_function function)
{
    const char *name = es2_name(function);
    const char *own = esim_json_text(json_object_get(json, "paths"), name);
    if (own != NULL && own[0] != '\0')
        return own;
    return esim_string(esim_format("%s%s", settings->base_path, name));
}

/* ---- the check: one row a setting ---- */

static bool is_text(const json_t *value)
{
    return json_is_string(value) && json_string_length(value) > 0;
}

static bool is_printable(const json_t *value)
{
    if (!is_text(value))
        return false;
    for (const char *c = json_string_value(value); *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            return false;
    return true;
}

static bool is_base_path(const json_t *value)
{
    return is_printable(value) && json_string_value(value)[0] == '/' &&
           json_string_value(value)[json_string_length(value) - 1] == '/';
}

static bool is_protocol(const json_t *value)
{
    return is_printable(value) &&
           strncmp(json_string_value(value), "gsma/rsp/v", 10) == 0;
}

static bool is_paths(const json_t *value)
{
    const char *key = NULL;
    json_t *path = NULL;
    json_object_foreach((json_t *)value, key, path)
    {
        bool is_known = false;
        for (int i = 0; i < ES2_PROGRESS; i++)
            is_known = is_known || strcmp(key, es2_name((enum es2_function)i)) == 0;
        if (!is_known || !is_printable(path) || json_string_value(path)[0] != '/')
            return false;
    }
    return json_is_object(value);
}

static bool is_iccid_form(const json_t *value)
{
    enum es2_iccid_form form;
    return is_text(value) && es2_iccid_form_of(json_string_value(value), &form);
}

static bool is_flag(const json_t *value)
{
    return json_is_boolean(value);
}

static bool is_timeout(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) >= 0 &&
           json_integer_value(value) <= 600000;
}

static bool is_answer(const json_t *value)
{
    return json_is_integer(value) &&
           (json_integer_value(value) == 200 || json_integer_value(value) == 204);
}

static bool is_address(const json_t *value)
{
    return is_text(value) && activation_address_is_valid(json_string_value(value));
}

static bool is_oid(const json_t *value)
{
    return is_text(value) && activation_oid_is_valid(json_string_value(value));
}

struct setting_rule {
    const char *name;
    bool is_required;
    bool (*fits)(const json_t *value);
    const char *expected;
};

/* clang-format off */
static const struct setting_rule setting_rules[] = {
    { "requester_id",        true,  is_printable,
      "the identifier that the carrier gave you, in printable ASCII" },
    { "base_path",           false, is_base_path,
      "a path that begins and ends with \"/\"" },
    { "paths",               false, is_paths,
      "an object of function names (downloadOrder, confirmOrder, cancelOrder, "
      "releaseProfile) and paths that begin with \"/\"" },
    { "protocol",            false, is_protocol,
      "text such as \"gsma/rsp/v2.2.0\"" },
    { "accept_protocol",     false, is_protocol,
      "the beginning of the carrier's X-Admin-Protocol, such as \"gsma/rsp/v2.\"" },
    { "protocol_optional",   false, is_flag,
      "true or false" },
    { "user_agent",          false, is_printable,
      "printable ASCII" },
    { "iccid_form",          false, is_iccid_form,
      "\"19\", \"19F\" or \"20\"" },
    { "tolerate_numbers",    false, is_flag,
      "true or false" },
    { "timeout_ms",          false, is_timeout,
      "a whole number from 0 to 600000" },
    { "notification_answer", false, is_answer,
      "204 or 200" },
    { "matching_id_upper",   false, is_flag,
      "true or false" },
    { "smdp_address",        false, is_address,
      "the SM-DP+'s host name, without scheme and port" },
    { "smdp_oid",            false, is_oid,
      "an object identifier in dotted decimal" },
    { "profile_type",        false, is_printable,
      "a profile type of the carrier, in printable ASCII" },
    { "own_iccids",          false, is_flag,
      "true or false" },
    { "gateway_is_safe",     false, is_flag,
      "true or false" },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

const char *es2_settings_check(const json_t *json, const char **ret_message)
{
    for (size_t i = 0; i < COUNT(setting_rules); i++) {
        const struct setting_rule *rule = &setting_rules[i];
        const json_t *value = json_object_get(json, rule->name);
        bool is_absent = value == NULL || json_is_null(value);
        if (is_absent ? !rule->is_required : rule->fits(value))
            continue;
        *ret_message = esim_string(
            esim_format("expected %s, found %s", rule->expected,
                        is_absent ? "nothing" : "another value"));
        return rule->name;
    }
    return NULL;
}
