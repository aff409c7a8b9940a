#include "settings.h"

#include <stdbool.h>
#include <string.h>

#include "esim/exchange.h"

struct number_rule {
    const char *name;
    int64_t least, most, usual;
};

enum number { WINDOW, TTL, POLL, PATIENCE, NUMBER_COUNT };

/* ttl_s leaves room for clocks that differ: the carrier takes 86400 s. Patience ends
 * before the carrier may forget a request (7 days after EXPIRES). */
/* clang-format off */
static const struct number_rule numbers[NUMBER_COUNT] = {
    [WINDOW]   = { "window_most", 1,  WINDOW_MOST, 64 },
    [TTL]      = { "ttl_s",       60, 86000,       3600 },
    [POLL]     = { "poll_s",      1,  3600,        30 },
    [PATIENCE] = { "patience_s",  60, 518400,      86400 },
};
static const struct {
    const char *name;
    bool required;
} texts[] = {
    { "client_id",    true },
    { "profile_type", false },
};
/* clang-format on */

enum { TEXT_MOST = 64 };

static bool is_text(const json_t *value)
{
    const char *text = json_string_value(value);
    if (text == NULL || text[0] == '\0' || json_string_length(value) > TEXT_MOST)
        return false;
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

static bool is_number(const json_t *value, const struct number_rule *rule)
{
    return json_is_integer(value) && json_integer_value(value) >= rule->least &&
           json_integer_value(value) <= rule->most;
}

static const char *text_of(const json_t *json, const char *name)
{
    const json_t *value = json_object_get(json, name);
    return is_text(value) ? json_string_value(value) : NULL;
}

static int64_t number_of(const json_t *json, enum number which)
{
    const json_t *value = json_object_get(json, numbers[which].name);
    return is_number(value, &numbers[which]) ? json_integer_value(value)
                                             : numbers[which].usual;
}

void mytel_settings_read(const json_t *json, struct mytel_settings *ret)
{
    *ret = (struct mytel_settings){
        .client_id = text_of(json, "client_id"),
        .window_most = (uint64_t)number_of(json, WINDOW),
        .ttl_s = number_of(json, TTL),
        .poll_s = number_of(json, POLL),
        .patience_s = number_of(json, PATIENCE),
        .profile_type = text_of(json, "profile_type"),
    };
}

static bool is_absent(const json_t *value)
{
    return value == NULL || json_is_null(value);
}

const char *mytel_settings_check(const json_t *json, const char **ret_message)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const json_t *value = json_object_get(json, texts[i].name);
        if (is_absent(value) ? !texts[i].required : is_text(value))
            continue;
        *ret_message = "expected 1 to 64 printable ASCII characters";
        return texts[i].name;
    }
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        const json_t *value = json_object_get(json, numbers[i].name);
        if (is_absent(value) || is_number(value, &numbers[i]))
            continue;
        *ret_message = esim_string(
            esim_format("expected a whole number from %lld to %lld",
                        (long long)numbers[i].least, (long long)numbers[i].most));
        return numbers[i].name;
    }
    return NULL;
}
