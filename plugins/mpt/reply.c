#include "reply.h"

#include <string.h>
#include <strings.h>

#include "activation.h"
#include "esim/capability.h"
#include "number.h"
#include "template.h"

enum { CARRIER_CODE_MOST = 40 };

struct reading {
    struct esim_talk *talk;
    const struct mpt_settings *settings;
    const struct reference *reference;
    const json_t *row; /* The pattern that matched. */
    struct template_fields fields;
};

static const char *field(const struct reading *reading, const char *name)
{
    struct esim_bytes value = template_field(&reading->fields, name);
    return value.size == 0 ? NULL : esim_string(value);
}

/* ---- which pattern ---- */

static bool find_in(struct reading *reading, const json_t *replies,
                    struct esim_bytes text)
{
    for (size_t i = 0; i < json_array_size(replies); i++) {
        const json_t *row = json_array_get(replies, i);
        const char *match = esim_json_text(row, "match");
        if (match != NULL && template_match(esim_text(match), text, &reading->fields)) {
            reading->row = row;
            return true;
        }
    }
    return false;
}

static bool find(struct reading *reading, struct esim_bytes text)
{
    const json_t *command = mpt_command(reading->settings,
                                        esim_string(reading->talk->step->capability));
    return find_in(reading, json_object_get(command, "replies"), text) ||
           find_in(reading, reading->settings->replies, text);
}

/* What the reply names must be what was asked. */
static bool is_ours(const struct reading *reading)
{
    char reference[REFERENCE_SIZE];
    struct esim_bytes named = template_field(&reading->fields, "ref");
    const char *line = field(reading, "msisdn");
    const char *asked = esim_json_text(reading->talk->input, "msisdn");
    bool other_reference = named.size > 0 &&
                           reference_read(named, reading->settings->reference_form,
                                          reference) &&
                           strcmp(reference, reading->reference->text) != 0;
    bool other_line = line != NULL && asked != NULL &&
                      strcmp(mpt_number_key(reading->settings, line),
                             mpt_number_key(reading->settings, asked)) != 0;
    return !other_reference && !other_line;
}

/* ---- results ---- */

/* clang-format off */
static const struct { const char *capability, *line_state; } line_rows[] = {
    { ESIM_LINE_ACTIVATE,  "ACTIVE" },
    { ESIM_LINE_SUSPEND,   "SUSPENDED" },
    { ESIM_LINE_RESUME,    "ACTIVE" },
    { ESIM_LINE_TERMINATE, "DELETED" },
};
/* clang-format on */

/* The pattern's own word counts, then the carrier's, then what was asked for. */
static const char *line_state_of(const struct reading *reading)
{
    static const char *const states[] = { "PROVISIONED", "ACTIVE", "SUSPENDED",
                                          "DELETED" };
    const char *told = esim_json_text(reading->row, "line_state");
    struct esim_bytes captured = template_field(&reading->fields, "line_state");
    for (size_t i = 0; told == NULL && i < sizeof states / sizeof states[0]; i++)
        if (captured.size == strlen(states[i]) &&
            strncasecmp(captured.ptr, states[i], captured.size) == 0)
            told = states[i];
    for (size_t i = 0; told == NULL && i < sizeof line_rows / sizeof line_rows[0]; i++)
        if (esim_is(reading->talk->step->capability, line_rows[i].capability))
            told = line_rows[i].line_state;
    return told;
}

static void finish_line(struct reading *reading)
{
    json_t *result = json_object();
    esim_json_put(result, "line_state", line_state_of(reading));
    esim_json_put(result, "carrier_ref", field(reading, "carrier_ref"));
    esim_done(reading->talk, result);
}

static bool code_of(const struct reading *reading, struct activation *ret)
{
    struct esim_bytes code = template_field(&reading->fields, "activation_code");
    if (code.size > 0)
        return activation_read(code, ret);
    return activation_make(template_field(&reading->fields, "smdp_address"),
                           template_field(&reading->fields, "matching_id"), ret);
}

/* The profile is taken at the carrier, so what is missing is a person's to ask for. */
static void finish_profile(struct reading *reading)
{
    struct esim_talk *talk = reading->talk;
    struct activation activation;
    char iccid[ICCID_SIZE];
    const char *ordered = esim_json_text(talk->input, "iccid");
    struct esim_bytes told = template_field(&reading->fields, "iccid");
    if (!iccid_read(told.size > 0 ? told : esim_text(ordered), iccid)) {
        esim_unknown(talk, "iccid_missing", NULL,
                     "The carrier's reply has no ICCID: ask it which profile the order "
                     "with reference %s took, and correct the reply's pattern.",
                     reading->reference->text);
        return;
    }
    if (!code_of(reading, &activation)) {
        esim_unknown(
            talk, "code_missing", NULL,
            "The carrier's reply has no proper activation code: ask it for the "
            "code of ICCID %s, and correct the reply's pattern.",
            iccid);
        return;
    }
    json_t *result = json_object();
    esim_json_put(result, "iccid", iccid);
    esim_json_put(result, "matching_id", activation.matching_id);
    esim_json_put(result, "smdp_address", activation.address);
    esim_json_put(result, "activation_code", activation.code);
    esim_json_put(result, "eid", esim_json_text(talk->input, "eid"));
    esim_json_put(result, "state", "Released");
    esim_done(talk, result);
}

/* ---- what it means ---- */

static bool end_done(struct reading *reading)
{
    if (esim_is(reading->talk->step->capability, ESIM_PROFILE_ORDER))
        finish_profile(reading);
    else
        finish_line(reading);
    return true;
}

/* The carrier's own code, when it is one: problems are stored in the clear. */
static const char *carrier_code_of(const struct reading *reading)
{
    struct esim_bytes code = template_field(&reading->fields, "code");
    bool is_code = code.size > 0 && code.size <= CARRIER_CODE_MOST;
    for (uint64_t i = 0; is_code && i < code.size; i++)
        is_code = code.ptr[i] > ' ' && code.ptr[i] <= '~';
    return is_code ? esim_string(code) : NULL;
}

static const char *text_or(const struct reading *reading, const char *key,
                           const char *otherwise)
{
    const char *text = esim_json_text(reading->row, key);
    return text == NULL || text[0] == '\0' ? otherwise : text;
}

static bool end_refused(struct reading *reading)
{
    esim_refused(reading->talk, text_or(reading, "code", "refused_by_carrier"),
                 carrier_code_of(reading), "%s",
                 text_or(reading, "message",
                         "The carrier refused the command: ask it what its code means, "
                         "then order again."));
    return true;
}

static bool end_busy(struct reading *reading)
{
    esim_not_yet(reading->talk, -1, text_or(reading, "code", "carrier_busy"),
                 carrier_code_of(reading), "%s",
                 text_or(reading, "message",
                         "The carrier did not do it now; the command is sent again."));
    return true;
}

static bool keep_waiting(struct reading *reading)
{
    (void)reading;
    return false;
}

/* clang-format off */
static const struct {
    const char *means;
    bool (*end)(struct reading *reading);
} meanings[] = {
    { "done",    end_done },
    { "refused", end_refused },
    { "busy",    end_busy },
    { "wait",    keep_waiting },
};
/* clang-format on */

static bool end_by_row(struct reading *reading)
{
    const char *means = esim_json_text(reading->row, "means");
    for (size_t i = 0; means != NULL && i < sizeof meanings / sizeof meanings[0]; i++)
        if (strcmp(meanings[i].means, means) == 0)
            return meanings[i].end(reading);
    return false;
}

bool reply_ends(struct esim_talk *talk, const struct mpt_settings *settings,
                const struct reference *reference, const json_t *message)
{
    struct reading reading = { .talk = talk,
                               .settings = settings,
                               .reference = reference };
    const char *text = esim_json_text(message, "text");
    if (find(&reading, esim_text(text)))
        return is_ours(&reading) && end_by_row(&reading);
    esim_unknown(talk, "reply_unreadable", NULL,
                 "The carrier replied to the command with reference %s, and no pattern "
                 "in the settings fits: ask the carrier, and add a pattern.",
                 reference->text);
    return true;
}
