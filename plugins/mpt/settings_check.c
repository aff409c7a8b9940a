/* The rows of the settings, and whether what an operator wrote fits them. */
#include <string.h>

#include "esim/capability.h"
#include "esim/exchange.h"
#include "settings_rows.h"
#include "template.h"

#define AT(member) offsetof(struct mpt_settings, member)

/* clang-format off */
const struct mpt_text_row mpt_text_rows[] = {
    { "system_type",   AT(system_type),   "",   12 },
    { "address_range", AT(address_range), "",   40 },
    { "source",        AT(source),        "",   20 },
    { "service_type",  AT(service_type),  "",   5 },
    { "command_to",    AT(command_to),    NULL, 20 },
    { "country_code",  AT(country_code),  "95", 3 },
};

const struct mpt_number_row mpt_number_rows[] = {
    { "range_ton",       AT(range_ton),       0,        0,    6 },
    { "range_npi",       AT(range_npi),       0,        0,    18 },
    { "source_ton",      AT(source_ton),      0,        0,    6 },
    { "source_npi",      AT(source_npi),      1,        0,    18 },
    { "command_ton",     AT(command_ton),     0,        0,    6 },
    { "command_npi",     AT(command_npi),     1,        0,    18 },
    { "number_ton",      AT(number_ton),      1,        0,    6 },
    { "number_npi",      AT(number_npi),      1,        0,    18 },
    { "validity_s",      AT(validity_s),      0,        0,    2592000 },
    { "priority",        AT(priority),        0,        0,    3 },
    { "protocol_id",     AT(protocol_id),     0,        0,    255 },
    { "window",          AT(window),          10,       1,    MPT_WINDOW_MOST },
    { "rate_per_s",      AT(rate_per_s),      0,        0,    1000 },
    { "pause_ms",        AT(pause_ms),        1000,     10,   60000 },
    { "bind_ms",         AT(bind_ms),         30000,    100,  600000 },
    { "enquire_ms",      AT(enquire_ms),      30000,    100,  600000 },
    { "response_ms",     AT(response_ms),     10000,    100,  600000 },
    { "inactivity_ms",   AT(inactivity_ms),   120000,   200,  3600000 },
    { "drain_ms",        AT(drain_ms),        3000,     0,    60000 },
    { "assembly_ms",     AT(assembly_ms),      60000,   1000, 3600000 },
    { "receipt_keep_ms", AT(receipt_keep_ms), 86400000, 1000, 604800000 },
    { "submit_ms",       AT(submit_ms),       30000,    200,  600000 },
    { "reply_ms",        AT(reply_ms),        300000,   100,  604800000 },
    { "receipt_ms",      AT(receipt_ms),      120000,   0,    604800000 },
};

const char *const mpt_receipt_names[] = { "all", "failure", "none", NULL };
const char *const mpt_number_names[] = { "plain", "plus", "national", NULL };
const char *const mpt_join_names[] = { "reference", "number", NULL };
const char *const mpt_validity_names[] = { "relative", "absolute", NULL };
const char *const mpt_mode_names[] = { "default", "datagram", "forward", "store", NULL };
const char *const mpt_version_names[] = { "3.4", "3.3", "5.0", NULL };

static const char *const charset_names[] = { "auto", "gsm7", "gsm7-packed", "ascii",
                                             "latin1", "ucs2", NULL };
static const char *const coding_1_names[] = { "ascii", "gsm7", "latin1", NULL };
static const char *const way_names[] = { "udh", "sar", "payload", NULL };
static const char *const id_names[] = { "text", "decimal", "hex", NULL };
static const char *const reference_names[] = { "letters", "digits", NULL };
static const char *const meaning_names[] = { "done", "refused", "busy", "wait", NULL };
static const char *const line_states[] = { "PROVISIONED", "ACTIVE", "SUSPENDED",
                                           "DELETED", NULL };
static const char *const command_names[] = { ESIM_LINE_ACTIVATE, ESIM_LINE_SUSPEND,
                                             ESIM_LINE_RESUME, ESIM_LINE_TERMINATE,
                                             ESIM_PROFILE_ORDER, NULL };

static const struct { const char *name; const char *const *values; } choices[] = {
    { "charset",           charset_names },
    { "default_alphabet",  charset_names + 1 },
    { "coding_1_alphabet", coding_1_names },
    { "validity_form",     mpt_validity_names },
    { "message_mode",      mpt_mode_names },
    { "interface_version", mpt_version_names },
    { "long_messages",     way_names },
    { "response_ids",      id_names },
    { "receipt_ids",       id_names },
    { "reference",         reference_names },
    { "receipts",          mpt_receipt_names },
    { "number_form",       mpt_number_names },
    { "join",              mpt_join_names },
};
static const char *const flags[] = { "user_reference", "query" };
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
const size_t mpt_text_row_count = COUNT(mpt_text_rows);
const size_t mpt_number_row_count = COUNT(mpt_number_rows);

static bool is_absent(const json_t *value)
{
    return value == NULL || json_is_null(value);
}

static bool is_in(const json_t *value, const char *const *names)
{
    for (size_t i = 0; json_is_string(value) && names[i] != NULL; i++)
        if (strcmp(names[i], json_string_value(value)) == 0)
            return true;
    return false;
}

static bool is_ascii(const json_t *value, size_t most)
{
    if (!json_is_string(value) || json_string_length(value) > most)
        return false;
    for (const char *c = json_string_value(value); *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            return false;
    return true;
}

static const char *joined(const char *const *names)
{
    struct esim_bytes list = esim_text("one of");
    for (size_t i = 0; names[i] != NULL; i++)
        list = esim_format("%s%s %s", esim_string(list), i > 0 ? "," : "", names[i]);
    return esim_string(list);
}

/* What was expected; NULL: all is well. The wrong one's name in ret_name. */
static const char *check_texts(const json_t *json, const char **ret_name)
{
    for (size_t i = 0; i < mpt_text_row_count; i++) {
        const struct mpt_text_row *row = &mpt_text_rows[i];
        const json_t *value = json_object_get(json, row->name);
        *ret_name = row->name;
        if (!is_absent(value) && !is_ascii(value, row->most))
            return esim_string(
                esim_format("at most %zu printable ASCII characters", row->most));
    }
    return NULL;
}

static const char *check_numbers(const json_t *json, const char **ret_name)
{
    for (size_t i = 0; i < mpt_number_row_count; i++) {
        const struct mpt_number_row *row = &mpt_number_rows[i];
        const json_t *value = json_object_get(json, row->name);
        json_int_t number = json_integer_value(value);
        *ret_name = row->name;
        if (!is_absent(value) &&
            (!json_is_integer(value) || number < row->least || number > row->most))
            return esim_string(esim_format("a whole number from %lld to %lld",
                                           (long long)row->least,
                                           (long long)row->most));
    }
    return NULL;
}

static const char *check_choices(const json_t *json, const char **ret_name)
{
    for (size_t i = 0; i < COUNT(choices); i++) {
        const json_t *value = json_object_get(json, choices[i].name);
        *ret_name = choices[i].name;
        if (!is_absent(value) && !is_in(value, choices[i].values))
            return joined(choices[i].values);
    }
    for (size_t i = 0; i < COUNT(flags); i++) {
        const json_t *value = json_object_get(json, flags[i]);
        *ret_name = flags[i];
        if (!is_absent(value) && !json_is_boolean(value))
            return "true or false";
    }
    return NULL;
}

/* ---- commands and replies ---- */

static const char *dotted(const char *path, const char *member)
{
    return esim_string(esim_format("%s.%s", path, member));
}

/* Without the word "expected", which the caller writes. */
static const char *bare(const char *fault)
{
    static const char word[] = "expected ";
    size_t length = sizeof word - 1;
    return fault != NULL && strncmp(fault, word, length) == 0 ? fault + length : fault;
}

static const char *check_reply(const json_t *reply, const char *path,
                               const char **ret_name)
{
    const char *match = esim_json_text(reply, "match");
    const json_t *state = json_object_get(reply, "line_state");
    const json_t *code = json_object_get(reply, "code");
    const char *fault = match == NULL ? "a text such as \"OK {{ref}} {{*}}\""
                                      : bare(template_pattern_fault(match));
    *ret_name = dotted(path, "match");
    if (fault != NULL)
        return fault;
    *ret_name = dotted(path, "means");
    if (!is_in(json_object_get(reply, "means"), meaning_names))
        return joined(meaning_names);
    *ret_name = dotted(path, "line_state");
    if (!is_absent(state) && !is_in(state, line_states))
        return joined(line_states);
    *ret_name = dotted(path, "code");
    return is_absent(code) || is_ascii(code, 40) ? NULL : "a short stable name";
}

static const char *check_replies(const json_t *replies, const char *path,
                                 const char **ret_name)
{
    *ret_name = path;
    if (!is_absent(replies) && !json_is_array(replies))
        return "a list of {match, means}";
    for (size_t i = 0; i < json_array_size(replies); i++) {
        const char *at = esim_string(esim_format("%s.%zu", path, i));
        const char *fault = check_reply(json_array_get(replies, i), at, ret_name);
        if (fault != NULL)
            return fault;
    }
    return NULL;
}

static const char *check_command(const json_t *json, const json_t *command,
                                 const char *path, const char **ret_name)
{
    const char *text = esim_json_text(command, "text");
    const json_t *to = json_object_get(command, "to");
    const char *fault = text == NULL ? "a text such as \"ACT {{msisdn}} {{ref}}\""
                                     : bare(template_command_fault(text));
    *ret_name = dotted(path, "text");
    if (fault != NULL)
        return fault;
    *ret_name = dotted(path, "to");
    if (is_absent(to) ? esim_json_text(json, "command_to") == NULL : !is_ascii(to, 20))
        return "the address that takes the command, here or in command_to";
    return check_replies(json_object_get(command, "replies"), dotted(path, "replies"),
                         ret_name);
}

static const char *check_commands(const json_t *json, const char **ret_name)
{
    const json_t *commands = json_object_get(json, "commands");
    const char *name = NULL;
    json_t *command = NULL;
    *ret_name = "commands";
    if (!is_absent(commands) && !json_is_object(commands))
        return "an object of commands by capability";
    json_object_foreach((json_t *)commands, name, command)
    {
        json_t *key = json_string(name);
        *ret_name = "commands";
        if (!is_in(key, command_names))
            return joined(command_names);
        const char *fault = check_command(json, command, dotted("commands", name),
                                          ret_name);
        if (fault != NULL)
            return fault;
    }
    return check_replies(json_object_get(json, "replies"), "replies", ret_name);
}

static const char *check_reply_from(const json_t *json, const char **ret_name)
{
    const json_t *list = json_object_get(json, "reply_from");
    *ret_name = "reply_from";
    if (!is_absent(list) && !json_is_array(list))
        return "a list of addresses";
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!is_ascii(json_array_get(list, i), 20))
            return "a list of addresses of at most 20 characters";
    return NULL;
}

const char *mpt_settings_check(const json_t *json, const char **ret_message)
{
    static const char *(*const checks[])(const json_t *, const char **) = {
        check_texts, check_numbers, check_choices, check_commands, check_reply_from
    };
    for (size_t i = 0; i < COUNT(checks); i++) {
        const char *name = NULL;
        const char *expected = checks[i](json, &name);
        if (expected == NULL)
            continue;
        *ret_message = esim_string(
            esim_format("expected %s, found another value", expected));
        return name;
    }
    return NULL;
}
