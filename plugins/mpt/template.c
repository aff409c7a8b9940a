#include "template.h"

#include <string.h>

/* Steps of one match: a pattern with many {{*}} must not eat the CPU. */
enum { STEPS_MOST = 100000, ANY_MOST = 4 };

/* What stands in a reply at a field of this name. */
enum letters { WORD, REFERENCE, DIGITS, NUMBER, HOST, ANY };

/* clang-format off */
static const struct { const char *name; enum letters letters; } reply_names[] = {
    { "ref",             REFERENCE }, { "msisdn",       NUMBER },
    { "iccid",           REFERENCE }, { "eid",          DIGITS },
    { "activation_code", WORD },      { "smdp_address", HOST },
    { "matching_id",     HOST },      { "line_state",   WORD },
    { "carrier_ref",     WORD },      { "code",         WORD },
    { "text",            ANY },       { "*",            ANY },
};
static const char *const command_names[] = {
    "ref", "msisdn", "iccid", "eid", "imei", "plan", "profile_type", "reason",
    "order_ref", "text",
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool equals(struct esim_bytes bytes, const char *text)
{
    return bytes.size == strlen(text) &&
           (bytes.size == 0 || memcmp(bytes.ptr, text, bytes.size) == 0);
}

static struct esim_bytes from(struct esim_bytes bytes, uint64_t start)
{
    return (struct esim_bytes){ bytes.ptr + start, bytes.size - start };
}

static struct esim_bytes bytes_of(const char *text)
{
    return (struct esim_bytes){ text, strlen(text) };
}

/* "{{name}}" or "{{name?}}" at the start: its whole size, else 0. */
static size_t placeholder_at(struct esim_bytes text, struct esim_bytes *ret_name,
                             bool *ret_optional)
{
    if (text.size < 5 || text.ptr[0] != '{' || text.ptr[1] != '{')
        return 0;
    for (size_t end = 2; end + 1 < text.size; end++) {
        if (text.ptr[end] != '}' || text.ptr[end + 1] != '}')
            continue;
        size_t size = end - 2;
        *ret_optional = size > 0 && text.ptr[end - 1] == '?';
        *ret_name = (struct esim_bytes){ text.ptr + 2, size - (*ret_optional ? 1 : 0) };
        return end + 2;
    }
    return 0;
}

/* ---- commands ---- */

static bool is_safe(struct esim_bytes value)
{
    for (uint64_t i = 0; i < value.size; i++)
        if ((uint8_t)value.ptr[i] <= ' ' || value.ptr[i] == 0x7F)
            return false;
    return true;
}

enum template_fault
template_fill(struct esim_bytes command,
              struct esim_bytes (*value)(const void *arg, struct esim_bytes name),
              const void *arg, struct smpp_out *out, struct esim_bytes *ret_name)
{
    while (command.size > 0) {
        bool optional = false;
        size_t taken = placeholder_at(command, ret_name, &optional);
        if (taken == 0) {
            smpp_put_u8(out, (uint8_t)command.ptr[0]);
            command = from(command, 1);
            continue;
        }
        struct esim_bytes found = value(arg, *ret_name);
        if (found.size == 0 && !optional)
            return TEMPLATE_ABSENT;
        if (!equals(*ret_name, "text") && !is_safe(found))
            return TEMPLATE_UNSAFE;
        smpp_put_run(out, found);
        command = from(command, taken);
    }
    return out->full ? TEMPLATE_TOO_LONG : TEMPLATE_FINE;
}

/* ---- replies ---- */

static bool letters_of(struct esim_bytes name, enum letters *ret)
{
    for (size_t i = 0; i < COUNT(reply_names); i++)
        if (equals(name, reply_names[i].name)) {
            *ret = reply_names[i].letters;
            return true;
        }
    return false;
}

static bool is_one_of(char c, enum letters letters)
{
    bool is_digit = c >= '0' && c <= '9';
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    switch (letters) {
    case DIGITS:
        return is_digit;
    case NUMBER:
        return is_digit || c == '+';
    case REFERENCE:
        return is_digit || is_letter;
    case HOST:
        return is_digit || is_letter || c == '-' || c == '.';
    case WORD:
        return !is_space(c);
    case ANY:
        return true;
    }
    return false;
}

struct matcher {
    struct template_fields *fields;
    unsigned steps;
};

static bool match(struct matcher *matcher, struct esim_bytes pattern,
                  struct esim_bytes text);

static bool keep_field(struct matcher *matcher, struct esim_bytes name,
                       struct esim_bytes value)
{
    struct template_fields *fields = matcher->fields;
    if (equals(name, "*"))
        return true;
    if (fields->count == TEMPLATE_FIELDS_MOST)
        return false;
    fields->rows[fields->count].name = name;
    fields->rows[fields->count++].value = value;
    return true;
}

static bool match_with(struct matcher *matcher, struct esim_bytes name,
                       struct esim_bytes rest, struct esim_bytes text, uint64_t size)
{
    size_t count = matcher->fields->count;
    struct esim_bytes value = { text.ptr, size };
    if (keep_field(matcher, name, value) && match(matcher, rest, from(text, size)))
        return true;
    matcher->fields->count = count;
    return false;
}

/* A run of fitting characters, the longest first; anything, the shortest first. */
static bool match_field(struct matcher *matcher, struct esim_bytes name,
                        struct esim_bytes rest, struct esim_bytes text)
{
    enum letters letters;
    if (!letters_of(name, &letters))
        return false;
    uint64_t most = 0;
    while (most < text.size && is_one_of(text.ptr[most], letters))
        most++;
    for (uint64_t tried = 0; tried <= most; tried++) {
        uint64_t size = letters == ANY ? tried : most - tried;
        if (size == 0 && letters != ANY)
            return false;
        if (match_with(matcher, name, rest, text, size))
            return true;
    }
    return false;
}

static struct esim_bytes past_space(struct esim_bytes text)
{
    while (text.size > 0 && is_space(text.ptr[0]))
        text = from(text, 1);
    return text;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool match(struct matcher *matcher, struct esim_bytes pattern,
                  struct esim_bytes text)
{
    while (pattern.size > 0) {
        struct esim_bytes name;
        bool optional = false;
        if (matcher->steps == 0 || --matcher->steps == 0)
            return false;
        size_t taken = placeholder_at(pattern, &name, &optional);
        if (taken > 0)
            return match_field(matcher, name, from(pattern, taken), text);
        if (is_space(pattern.ptr[0])) {
            if (text.size == 0 || !is_space(text.ptr[0]))
                return false;
            pattern = past_space(pattern);
            text = past_space(text);
            continue;
        }
        if (text.size == 0 || lower(pattern.ptr[0]) != lower(text.ptr[0]))
            return false;
        pattern = from(pattern, 1);
        text = from(text, 1);
    }
    return text.size == 0;
}

static struct esim_bytes trimmed(struct esim_bytes text)
{
    text = past_space(text);
    while (text.size > 0 &&
           (is_space(text.ptr[text.size - 1]) || text.ptr[text.size - 1] == '\0'))
        text.size--;
    return text;
}

bool template_match(struct esim_bytes pattern, struct esim_bytes text,
                    struct template_fields *ret)
{
    struct matcher matcher = { ret, STEPS_MOST };
    ret->count = 0;
    return match(&matcher, trimmed(pattern), trimmed(text));
}

struct esim_bytes template_field(const struct template_fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->count; i++)
        if (equals(fields->rows[i].name, name))
            return fields->rows[i].value;
    return (struct esim_bytes){ NULL, 0 };
}

/* ---- the check ---- */

static bool is_command_name(struct esim_bytes name)
{
    for (size_t i = 0; i < COUNT(command_names); i++)
        if (equals(name, command_names[i]))
            return true;
    return false;
}

const char *template_command_fault(const char *command)
{
    struct esim_bytes rest = bytes_of(command);
    if (rest.size == 0 || rest.size > TEMPLATE_MOST)
        return "expected a text of 1 to 1024 bytes";
    while (rest.size > 0) {
        struct esim_bytes name;
        bool optional;
        size_t taken = placeholder_at(rest, &name, &optional);
        if (taken > 0 && !is_command_name(name))
            return "expected placeholders ref, msisdn, iccid, eid, imei, plan, "
                   "profile_type, reason, order_ref";
        rest = from(rest, taken > 0 ? taken : 1);
    }
    return NULL;
}

const char *template_pattern_fault(const char *pattern)
{
    struct esim_bytes rest = bytes_of(pattern);
    size_t fields = 0, any = 0;
    if (rest.size == 0 || rest.size > TEMPLATE_MOST)
        return "expected a text of 1 to 1024 bytes";
    while (rest.size > 0) {
        struct esim_bytes name;
        bool optional = false;
        enum letters letters = WORD;
        size_t taken = placeholder_at(rest, &name, &optional);
        if (taken > 0 && (optional || !letters_of(name, &letters)))
            return "expected placeholders ref, msisdn, iccid, eid, activation_code, "
                   "smdp_address, matching_id, line_state, carrier_ref, code, text, *";
        fields += taken > 0;
        any += taken > 0 && letters == ANY;
        rest = from(rest, taken > 0 ? taken : 1);
    }
    if (fields > TEMPLATE_FIELDS_MOST || any > ANY_MOST)
        return "expected at most 12 placeholders, and 4 of {{text}} and {{*}}";
    return NULL;
}

bool template_has(const char *text, const char *name)
{
    struct esim_bytes rest = bytes_of(text);
    while (rest.size > 0) {
        struct esim_bytes found;
        bool optional;
        size_t taken = placeholder_at(rest, &found, &optional);
        if (taken > 0 && equals(found, name))
            return true;
        rest = from(rest, taken > 0 ? taken : 1);
    }
    return false;
}
