#include "settings.h"

#include <stddef.h>
#include <string.h>

#include "esim/exchange.h"

static bool is_printable(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    return text[0] != '\0';
}

/* Scheme and host, nothing behind: paths are added to it, links are compared with it. */
static bool is_root(const char *text)
{
    const char *host = strncmp(text, "https://", 8) == 0  ? text + 8
                       : strncmp(text, "http://", 7) == 0 ? text + 7
                                                          : NULL;
    return host != NULL && is_printable(host) && strpbrk(host, "/?#@\\") == NULL;
}

static bool is_path(const char *text)
{
    size_t size = strlen(text);
    return is_printable(text) && text[0] == '/' && text[size - 1] != '/' &&
           strpbrk(text, "?#%\\\"'") == NULL;
}

/* It stands in names at Graph and in filters; a mailNickname has at most 64. */
static bool is_prefix(const char *text)
{
    size_t size = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                               "0123456789-_");
    return size > 0 && size <= 24 && text[size] == '\0';
}

struct text_rule {
    const char *name;
    size_t offset;
    const char *otherwise;
    bool (*fits)(const char *text);
    const char *expected;
};

struct number_rule {
    const char *name;
    size_t offset;
    int64_t otherwise, least, most;
};

struct flag_rule {
    const char *name;
    size_t offset;
    bool otherwise;
};

#define AT(member) offsetof(struct settings, member)
/* clang-format off */
static const struct text_rule texts[] = {
    { "graph_root",      AT(graph_root),      "https://graph.microsoft.com", is_root,
      "scheme and host, such as https://graph.microsoft.com" },
    { "v1_path",         AT(v1_path),         "/v1.0", is_path,
      "a path such as /v1.0" },
    { "beta_path",       AT(beta_path),       "/beta", is_path,
      "a path such as /beta" },
    { "name_prefix",     AT(name_prefix),     "esimd", is_prefix,
      "at most 24 letters, digits, \"-\" and \"_\"" },
    { "activate_action", AT(activate_action), "activateDeviceEsim", is_printable,
      "an actionName of deviceActionResults" },
};
static const struct number_rule numbers[] = {
    { "page_size",    AT(page_size),    100, 1, 200 },
    { "poll_s",       AT(poll_s),       60,  1, 86400 },
    { "poll_most_s",  AT(poll_most_s),  900, 1, 86400 },
    { "follow_hours", AT(follow_hours), 72,  0, 8760 },
    { "settle_s",     AT(settle_s),     30,  1, 3600 },
    { "throttle_s",   AT(throttle_s),   10,  1, 3600 },
    { "tries",        AT(tries),        8,   1, 100 },
};
static const struct flag_rule flags[] = {
    { "list_eid",          AT(list_eid),          false },
    { "remove_on_failure", AT(remove_on_failure), true },
};
/* clang-format on */

#define COUNT(table)           (sizeof(table) / sizeof(table)[0])
#define MEMBER(type, base, at) (*(type *)((char *)(base) + (at)))

enum { TIMEOUT_MOST_MS = 600000 };

static bool number_fits(const json_t *value, int64_t least, int64_t most)
{
    json_int_t number = json_integer_value(value);
    return json_is_integer(value) && number >= least && number <= most;
}

void settings_read(const json_t *json, struct settings *ret)
{
    *ret = (struct settings){ .permissions = json_object_get(json, "permissions") };
    for (size_t i = 0; i < COUNT(texts); i++) {
        const char *text = esim_json_text(json, texts[i].name);
        bool fits = text != NULL && texts[i].fits(text);
        MEMBER(const char *, ret, texts[i].offset) = fits ? text : texts[i].otherwise;
    }
    for (size_t i = 0; i < COUNT(numbers); i++) {
        const struct number_rule *rule = &numbers[i];
        const json_t *value = json_object_get(json, rule->name);
        MEMBER(int64_t, ret, rule->offset) = number_fits(value, rule->least, rule->most)
                                                 ? json_integer_value(value)
                                                 : rule->otherwise;
    }
    for (size_t i = 0; i < COUNT(flags); i++) {
        const json_t *value = json_object_get(json, flags[i].name);
        MEMBER(bool, ret, flags[i].offset) = json_is_boolean(value)
                                                 ? json_is_true(value)
                                                 : flags[i].otherwise;
    }
    const json_t *timeout = json_object_get(json, "timeout_ms");
    if (number_fits(timeout, 0, TIMEOUT_MOST_MS))
        ret->timeout_ms = (uint32_t)json_integer_value(timeout);
}

/* ---- the check ---- */

static bool is_absent(const json_t *json, const char *name)
{
    const json_t *value = json_object_get(json, name);
    return value == NULL || json_is_null(value);
}

static const char *check_texts(const json_t *json, const char **ret_message)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        const char *text = esim_json_text(json, texts[i].name);
        if (is_absent(json, texts[i].name) || (text != NULL && texts[i].fits(text)))
            continue;
        *ret_message = esim_string(esim_format("expected %s", texts[i].expected));
        return texts[i].name;
    }
    return NULL;
}

static const char *check_number(const json_t *json, const char *name, int64_t least,
                                int64_t most, const char **ret_message)
{
    if (is_absent(json, name) || number_fits(json_object_get(json, name), least, most))
        return NULL;
    *ret_message = esim_string(esim_format("expected a whole number from %lld to %lld",
                                           (long long)least, (long long)most));
    return name;
}

static const char *check_permissions(const json_t *json, const char **ret_message)
{
    const json_t *map = json_object_get(json, "permissions");
    const char *key = NULL;
    json_t *value = NULL;
    bool fits = is_absent(json, "permissions") || json_is_object(map);
    json_object_foreach((json_t *)map, key, value)
    {
        fits = fits && json_is_string(value);
    }
    if (fits)
        return NULL;
    *ret_message = "expected an object of capabilities and names of permissions";
    return "permissions";
}

static const char *check_flags(const json_t *json, const char **ret_message)
{
    for (size_t i = 0; i < COUNT(flags); i++) {
        if (is_absent(json, flags[i].name) ||
            json_is_boolean(json_object_get(json, flags[i].name)))
            continue;
        *ret_message = "expected true or false";
        return flags[i].name;
    }
    return NULL;
}

const char *settings_check(const json_t *json, const char **ret_message)
{
    const char *wrong = check_texts(json, ret_message);
    for (size_t i = 0; wrong == NULL && i < COUNT(numbers); i++)
        wrong = check_number(json, numbers[i].name, numbers[i].least, numbers[i].most,
                             ret_message);
    if (wrong == NULL)
        wrong = check_number(json, "timeout_ms", 0, TIMEOUT_MOST_MS, ret_message);
    if (wrong == NULL)
        wrong = check_flags(json, ret_message);
    return wrong != NULL ? wrong : check_permissions(json, ret_message);
}
