#include "settings.h"

#include <string.h>

#include "esim/exchange.h"
#include "settings_rows.h"

static const char *text_or(const json_t *json, const char *key, const char *otherwise)
{
    const char *text = esim_json_text(json, key);
    return text != NULL ? text : otherwise;
}

static void read_texts(const json_t *json, struct mpt_settings *ret)
{
    for (size_t i = 0; i < mpt_text_row_count; i++) {
        const struct mpt_text_row *row = &mpt_text_rows[i];
        const char **at = (const char **)((char *)ret + row->offset);
        *at = text_or(json, row->name, row->otherwise);
    }
}

static void read_numbers(const json_t *json, struct mpt_settings *ret)
{
    for (size_t i = 0; i < mpt_number_row_count; i++) {
        const struct mpt_number_row *row = &mpt_number_rows[i];
        int64_t *at = (int64_t *)((char *)ret + row->offset);
        const json_t *value = json_object_get(json, row->name);
        json_int_t number = json_integer_value(value);
        bool fits = json_is_integer(value) && number >= row->least &&
                    number <= row->most;
        *at = fits ? number : row->otherwise;
    }
}

static bool flag_or(const json_t *json, const char *key, bool otherwise)
{
    const json_t *value = json_object_get(json, key);
    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

/* A name's place in a list that ends with NULL; 0 when it is not there. */
static int choice_of(const json_t *json, const char *key, const char *const *names)
{
    const char *text = text_or(json, key, names[0]);
    for (int i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], text) == 0)
            return i;
    return 0;
}

/* 5.2.4, in the order of mpt_version_names. */
static const uint8_t versions[] = { 0x34, 0x33, 0x50 };

static void read_choices(const json_t *json, struct mpt_settings *ret)
{
    ret->receipts = choice_of(json, "receipts", mpt_receipt_names);
    ret->receipts = ret->receipts == 2 ? 0 : ret->receipts + 1;
    ret->number_form = choice_of(json, "number_form", mpt_number_names);
    ret->validity_is_absolute = choice_of(json, "validity_form", mpt_validity_names) ==
                                1;
    ret->esm_mode = (uint8_t)choice_of(json, "message_mode", mpt_mode_names);
    ret->interface_version =
        versions[choice_of(json, "interface_version", mpt_version_names)];
    ret->join_by_number = choice_of(json, "join", mpt_join_names) == 1;
    ret->charset_auto = !smpp_charset_read(text_or(json, "charset", "auto"),
                                           &ret->charset);
    smpp_charset_read(text_or(json, "default_alphabet", "gsm7"), &ret->codings.zero);
    smpp_charset_read(text_or(json, "coding_1_alphabet", "ascii"), &ret->codings.one);
    smpp_way_read(text_or(json, "long_messages", "udh"), &ret->way);
    smpp_id_form_read(text_or(json, "response_ids", "text"), &ret->response_ids);
    smpp_id_form_read(text_or(json, "receipt_ids", "text"), &ret->receipt_ids);
    reference_form_read(text_or(json, "reference", "letters"), &ret->reference_form);
}

void mpt_settings_read(const json_t *json, struct mpt_settings *ret)
{
    *ret = (struct mpt_settings){
        .user_reference = flag_or(json, "user_reference", true),
        .query = flag_or(json, "query", true),
        .commands = json_object_get(json, "commands"),
        .replies = json_object_get(json, "replies"),
        .reply_from = json_object_get(json, "reply_from"),
    };
    read_texts(json, ret);
    read_numbers(json, ret);
    read_choices(json, ret);
}

/* ---- commands ---- */

const json_t *mpt_command(const struct mpt_settings *settings, const char *capability)
{
    return json_object_get(settings->commands, capability);
}

const char *mpt_command_to(const struct mpt_settings *settings, const json_t *command)
{
    return text_or(command, "to", settings->command_to);
}

/* "+95 1332" is not told apart from "951332": carriers disagree about the plus. */
static bool same_address(const char *known, struct esim_bytes address)
{
    if (known[0] == '+')
        known++;
    if (address.size > 0 && address.ptr[0] == '+') {
        address.ptr++;
        address.size--;
    }
    return known[0] != '\0' && esim_is(address, known);
}

bool mpt_may_reply(const struct mpt_settings *settings, struct esim_bytes address)
{
    const char *capability = NULL;
    json_t *command = NULL;
    json_object_foreach((json_t *)settings->commands, capability, command)
    {
        const char *to = mpt_command_to(settings, command);
        if (to != NULL && same_address(to, address))
            return true;
    }
    for (size_t i = 0; i < json_array_size(settings->reply_from); i++) {
        const char *from = json_string_value(json_array_get(settings->reply_from, i));
        if (from != NULL && same_address(from, address))
            return true;
    }
    return false;
}
