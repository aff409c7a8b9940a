/* One row a setting; the two large ones, `operations` and the tables of words, have a
 * look inside each entry. */
#include <string.h>

#include "contract.h"
#include "esim/exchange.h"
#include "settings.h"
#include "verdict.h"
#include "wire_path.h"
#include "wire_template.h"

/* What is wrong: the dotted name and what was expected. */
struct finding {
    const char *name;
    const char *expected;
};

static bool found(struct finding *finding, const char *name, const char *expected)
{
    *finding = (struct finding){ name, expected };
    return false;
}

static const char *name_of(const char *table, const char *key, const char *member)
{
    return esim_string(member == NULL ? esim_format("%s.%s", table, key)
                                      : esim_format("%s.%s.%s", table, key, member));
}

/* ---- single values ---- */

static bool is_text(const json_t *value)
{
    return json_is_string(value) && json_string_length(value) > 0;
}

static bool is_printable(const json_t *value)
{
    if (!json_is_string(value))
        return false;
    for (const char *c = json_string_value(value); *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            return false;
    return true;
}

static bool is_path(const json_t *value)
{
    return is_printable(value) && json_string_value(value)[0] == '/';
}

/* It stands between quotes, in a field of its own or in Content-Type. */
static bool is_action(const json_t *value)
{
    return is_printable(value) && strpbrk(json_string_value(value), "\"\\") == NULL;
}

static bool is_version(const json_t *value)
{
    const char *text = json_string_value(value);
    return text != NULL && (strcmp(text, "1.1") == 0 || strcmp(text, "1.2") == 0);
}

static bool is_security(const json_t *value)
{
    const char *text = json_string_value(value);
    return text != NULL && (strcmp(text, "none") == 0 || strcmp(text, "text") == 0 ||
                            strcmp(text, "digest") == 0);
}

static bool is_xml_text(const json_t *value)
{
    return is_text(value) && text_is_xml(json_string_value(value));
}

static bool is_flag(const json_t *value)
{
    return json_is_boolean(value);
}

static bool is_within(const json_t *value, json_int_t least, json_int_t most)
{
    return json_is_integer(value) && json_integer_value(value) >= least &&
           json_integer_value(value) <= most;
}

static bool is_timeout(const json_t *value)
{
    return is_within(value, 0, 600000);
}

static bool is_ttl(const json_t *value)
{
    return is_within(value, 1, 86400);
}

static bool is_tries(const json_t *value)
{
    return is_within(value, 1, 100);
}

static bool is_texts(const json_t *value)
{
    const char *key = NULL;
    json_t *text = NULL;
    json_object_foreach((json_t *)value, key, text)
    {
        if (!is_xml_text(text))
            return false;
    }
    return json_is_object(value);
}

static bool is_object(const json_t *value)
{
    return json_is_object(value);
}

/* Every name has this value: what is looked at is the message around it. */
static const char *any_value(const void *arg, const char *name)
{
    (void)arg, (void)name;
    return "1";
}

static const char *no_value(const void *arg, const char *name)
{
    (void)arg, (void)name;
    return NULL;
}

/* One writing: with all values, or with as few as the sections ask for. */
static bool writes_xml(const char *template,
                       const char *(*find)(const void *arg, const char *name))
{
    struct template_values values = { .find = find };
    struct text text;
    struct esim_bytes body = { NULL, 0 };
    text_open(&text);
    text_put(&text, "<x>");
    struct template_result result = template_write(template, &values, &text);
    text_put(&text, "</x>");
    bool ok = text_close(&text, &body);
    if (result.end == TEMPLATE_MISSING && find == no_value)
        return true; /* It has to be there; the other writing saw it. */
    xmlDoc *doc = ok && result.end == TEMPLATE_DONE ? xml_read(body) : NULL;
    xmlFreeDoc(doc);
    return doc != NULL;
}

static bool is_template(const json_t *value)
{
    return is_xml_text(value) && writes_xml(json_string_value(value), any_value) &&
           writes_xml(json_string_value(value), no_value);
}

/* ---- operations ---- */

struct member_rule {
    const char *name;
    bool is_required;
    bool is_expression;
    bool (*fits)(const json_t *value);
    const char *expected;
};

static bool is_repeat(const json_t *value)
{
    const char *text = json_string_value(value);
    return text != NULL &&
           (strcmp(text, "once") == 0 || strcmp(text, "idempotent") == 0);
}

/* clang-format off */
static const struct member_rule member_rules[] = {
    { "template", true,  false, is_template,
      "well-formed XML with {{name}}, {{#name}}, {{^name}} and {{/name}}" },
    { "code",     true,  true,  is_text,
      "XPath of the result code, its prefixes in namespaces" },
    { "each",     false, true,  is_text,
      "XPath of the records, its prefixes in namespaces" },
    { "action",   false, false, is_action,   "printable ASCII without quotes" },
    { "path",     false, false, is_path,     "a path that begins with \"/\"" },
    { "repeat",   false, false, is_repeat,   "\"once\" or \"idempotent\"" },
    { "result",   false, false, is_object,   "an object of result members and XPath" },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static bool expression_fits(const json_t *value, const json_t *namespaces)
{
    return is_text(value) && path_is_valid(json_string_value(value), namespaces);
}

static bool check_result(const json_t *result, const char *operation,
                         const json_t *namespaces, struct finding *finding)
{
    const char *member = NULL;
    json_t *path = NULL;
    if (json_object_size(result) > FIELDS_MOST)
        return found(finding, name_of("operations", operation, "result"),
                     "at most 16 members");
    json_object_foreach((json_t *)result, member, path)
    {
        if (!expression_fits(path, namespaces))
            return found(finding, name_of("operations", operation, member),
                         "XPath, its prefixes in namespaces");
    }
    return true;
}

static bool check_members(const json_t *operation, const char *name,
                          const json_t *namespaces, struct finding *finding)
{
    for (size_t i = 0; i < COUNT(member_rules); i++) {
        const struct member_rule *rule = &member_rules[i];
        const json_t *value = json_object_get(operation, rule->name);
        if (value == NULL && !rule->is_required)
            continue;
        if (!rule->fits(value) ||
            (rule->is_expression && !expression_fits(value, namespaces)))
            return found(finding, name_of("operations", name, rule->name),
                         rule->expected);
    }
    return check_result(json_object_get(operation, "result"), name, namespaces,
                        finding);
}

static bool check_operations(const json_t *settings, struct finding *finding)
{
    const json_t *operations = json_object_get(settings, "operations");
    const json_t *namespaces = contract_namespaces(settings);
    const char *name = NULL;
    json_t *operation = NULL;
    json_object_foreach((json_t *)operations, name, operation)
    {
        bool is_safe;
        if (!operation_is_known(name, &is_safe))
            return found(finding, name_of("operations", name, NULL),
                         "a capability of this adapter, or profile.find");
        if (!check_members(operation, name, namespaces, finding))
            return false;
        if (is_safe && json_object_get(operation, "repeat") != NULL)
            return found(finding, name_of("operations", name, "repeat"),
                         "nothing: reading may always be repeated");
    }
    /* The published contract's codes mean nothing in another one. */
    if (json_object_size(operations) > 0 &&
        json_object_size(json_object_get(settings, "codes")) == 0)
        return found(finding, "codes", "a table, since operations are your own");
    return true;
}

/* ---- tables of words ---- */

static bool check_verdicts(const json_t *settings, const char *table,
                           struct finding *finding)
{
    const char *code = NULL;
    json_t *verdict = NULL;
    json_object_foreach(json_object_get(settings, table), code, verdict)
    {
        if (!verdict_is_valid(verdict))
            return found(finding, name_of(table, code, NULL),
                         "done, refused, not_yet, unknown, absent, exists, already or "
                         "pending, or an object of means, name and text");
    }
    return true;
}

static bool check_deep(const json_t *settings, struct finding *finding)
{
    const json_t *fault_code = json_object_get(settings, "fault_code");
    if (fault_code != NULL && !json_is_null(fault_code) &&
        !expression_fits(fault_code, contract_namespaces(settings)))
        return found(finding, "fault_code", "XPath, its prefixes in namespaces");
    const char *security = esim_json_text(settings, "security");
    if (esim_json_text(settings, "username") == NULL &&
        (security == NULL || strcmp(security, "none") != 0))
        return found(finding, "username", "the name for the security header");
    return check_operations(settings, finding) &&
           check_verdicts(settings, "codes", finding) &&
           check_verdicts(settings, "faults", finding);
}

/* ---- all of them ---- */

struct setting_rule {
    const char *name;
    bool (*fits)(const json_t *value);
    const char *expected;
};

/* clang-format off */
static const struct setting_rule setting_rules[] = {
    { "soap_version",       is_version,   "\"1.1\" or \"1.2\"" },
    { "path",               is_path,      "a path that begins with \"/\"" },
    { "timeout_ms",         is_timeout,   "a whole number from 0 to 600000" },
    { "security",           is_security,  "\"none\", \"text\" or \"digest\"" },
    { "username",           is_xml_text,  "text that XML can carry" },
    { "security_nonce",     is_flag,      "true or false" },
    { "security_timestamp", is_flag,      "true or false" },
    { "security_must_understand", is_flag, "true or false" },
    { "security_ttl_s",     is_ttl,       "a whole number from 1 to 86400" },
    { "header",             is_template,  "well-formed XML with {{name}}" },
    { "namespaces",         is_texts,     "an object of prefixes and URIs" },
    { "values",             is_texts,     "an object of names and texts" },
    { "states",             is_texts,     "an object of the carrier's words and ours" },
    { "line_states",        is_texts,     "an object of the carrier's words and ours" },
    { "operations",         is_object,    "an object of operations" },
    { "codes",              is_object,    "an object of codes and meanings" },
    { "faults",             is_object,    "an object of fault codes and meanings" },
    { "smdp_address",       is_printable, "the SM-DP+'s host name" },
    { "settle_ms",          is_timeout,   "a whole number from 0 to 600000" },
    { "find_tries",         is_tries,     "a whole number from 1 to 100" },
};
/* clang-format on */

const char *soap_settings_check(const json_t *json, const char **ret_message)
{
    struct finding finding = { NULL, NULL };
    for (size_t i = 0; i < COUNT(setting_rules) && finding.name == NULL; i++) {
        const struct setting_rule *rule = &setting_rules[i];
        const json_t *value = json_object_get(json, rule->name);
        if (value != NULL && !json_is_null(value) && !rule->fits(value))
            (void)found(&finding, rule->name, rule->expected);
    }
    if (finding.name == NULL)
        (void)check_deep(json, &finding);
    if (finding.name != NULL)
        *ret_message = esim_string(
            esim_format("expected %s, found another value", finding.expected));
    return finding.name;
}
