#include "api/format.h"

#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "manifest/inspect.h"
#include "order/order_state.h"
#include "order/plan.h"
#include "profile/identifier.h"

static bool check_eid(const char *text, const struct number_plan *numbers,
                      struct err *err)
{
    (void)numbers;
    char eid[EID_SIZE];
    return eid_read(slice_of(text), "", eid, err);
}

static bool check_iccid(const char *text, const struct number_plan *numbers,
                        struct err *err)
{
    (void)numbers;
    struct iccid iccid;
    return iccid_read(slice_of(text), "", &iccid, err);
}

static bool check_imei(const char *text, const struct number_plan *numbers,
                       struct err *err)
{
    (void)numbers;
    struct imei imei;
    return imei_read(slice_of(text), "", &imei, err);
}

static bool check_msisdn(const char *text, const struct number_plan *numbers,
                         struct err *err)
{
    char msisdn[MSISDN_SIZE];
    return msisdn_read(slice_of(text), numbers, "", msisdn, err);
}

static bool check_uuid(const char *text, const struct number_plan *numbers,
                       struct err *err)
{
    (void)numbers;
    return id_is_valid(text) ||
           err_set(err, ERR_INVALID, "a lower-case UUID is expected");
}

static bool check_name(const char *text, const struct number_plan *numbers,
                       struct err *err)
{
    (void)numbers;
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    bool fine = text[0] >= 'a' && text[0] <= 'z' &&
                strspn(text, allowed) == strlen(text);
    return fine || err_set(err, ERR_INVALID,
                           "a name of a-z, 0-9 and -, beginning with a letter, is "
                           "expected");
}

/* What goes into logs, headers and the audit: nothing a terminal would act on. */
static bool check_printable(const char *text, const struct number_plan *numbers,
                            struct err *err)
{
    (void)numbers;
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return err_set(err, ERR_INVALID, "no control characters");
    return true;
}

/* A text for people, on several lines if need be. */
static bool check_message(const char *text, const struct number_plan *numbers,
                          struct err *err)
{
    (void)numbers;
    for (const char *c = text; *c != '\0'; c++)
        if (((unsigned char)*c < 0x20 && *c != '\n' && *c != '\r') || *c == 0x7f)
            return err_set(err, ERR_INVALID,
                           "no control characters but the line's end");
    return true;
}

static bool check_time(const char *text, const struct number_plan *numbers,
                       struct err *err)
{
    int64_t ms;
    (void)numbers;
    return inspect_time(text, &ms) ||
           err_set(err, ERR_INVALID, "a time such as 2026-01-02T03:04:05Z is expected");
}

static bool check_plan(const char *text, const struct number_plan *numbers,
                       struct err *err)
{
    (void)numbers;
    return plan_of(text) != NULL ||
           err_set(err, ERR_INVALID, "there is no such order type");
}

static bool check_state(const char *text, const struct number_plan *numbers,
                        struct err *err)
{
    (void)numbers;
    enum order_state state;
    return order_state_read(text, &state) ||
           err_set(err, ERR_INVALID, "there is no such order state");
}

static json_t *plan_names(void)
{
    json_t *names = json_array();
    for (size_t i = 0; plan_at(i) != NULL; i++)
        json_array_append_new(names, json_string(plan_at(i)->name));
    return names;
}

static json_t *state_names(void)
{
    json_t *names = json_array();
    for (int i = 0; i < ORDER_STATE_COUNT; i++)
        json_array_append_new(names, json_string(order_state_name(i)));
    return names;
}

/* clang-format off */
static const struct {
    const char *name;
    bool (*check)(const char *text, const struct number_plan *numbers, struct err *err);
    const char *pattern; /* ECMA 262; a help for clients, the check decides. */
    const char *example;
    json_t *(*words)(void);
} formats[] = {
    { "eid",       check_eid,       "^[0-9]{32}$",           "89049032123451234512345678901235", NULL },
    { "iccid",     check_iccid,     "^[0-9]{18,20}[Ff]?$",   "8995010000000000001",              NULL },
    { "imei",      check_imei,      "^[0-9]{14,16}$",        "490154203237518",                  NULL },
    { "msisdn",    check_msisdn,    "^[+]?[0-9]{5,20}$",     "+959250000001",                    NULL },
    { "uuid",      check_uuid,      "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", NULL,         NULL },
    { "name",      check_name,      "^[a-z][a-z0-9-]*$",     "acme",                             NULL },
    { "printable", check_printable, NULL,                    NULL,                               NULL },
    { "message",   check_message,   NULL,                    NULL,                               NULL },
    { "time",      check_time,      "^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z$", "2026-01-02T03:04:05Z", NULL },
    { "plan",      check_plan,      NULL,                    "profile.provision",                plan_names },
    { "state",     check_state,     NULL,                    "completed",                        state_names },
};
/* clang-format on */
enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

static int row_of(const char *format)
{
    for (int i = 0; i < FORMAT_COUNT; i++)
        if (strcmp(formats[i].name, format) == 0)
            return i;
    return -1;
}

static bool is_one_of(const char *words, const char *text)
{
    struct slice rest = slice_of(words);
    while (rest.size > 0)
        if (slice_is(slice_cut(&rest, '|'), text))
            return true;
    return false;
}

bool format_check(const char *format, const char *text,
                  const struct number_plan *numbers, struct err *err)
{
    if (format == NULL || format[0] == '\0')
        return true;
    if (strchr(format, '|') != NULL)
        return is_one_of(format, text) ||
               err_set(err, ERR_INVALID, "one of %s is expected", format);
    int row = row_of(format);
    return row >= 0 && formats[row].check(text, numbers, err);
}

static json_t *words_of(const char *format)
{
    json_t *words = json_array();
    struct slice rest = slice_of(format);
    while (rest.size > 0) {
        struct slice word = slice_cut(&rest, '|');
        json_array_append_new(words, json_stringn(word.ptr, word.size));
    }
    return words;
}

json_t *format_document(const char *format)
{
    json_t *document = json_object();
    if (format == NULL || format[0] == '\0')
        return document;
    if (strchr(format, '|') != NULL) {
        json_object_set_new(document, "enum", words_of(format));
        return document;
    }
    int row = row_of(format);
    if (row < 0)
        return document;
    json_put_text(document, "pattern", formats[row].pattern);
    if (formats[row].words != NULL)
        json_object_set_new(document, "enum", formats[row].words());
    if (formats[row].example != NULL)
        json_object_set_new(document, "examples",
                            json_pack("[s]", formats[row].example));
    return document;
}

bool format_is_known(const char *format)
{
    return format == NULL || format[0] == '\0' || strchr(format, '|') != NULL ||
           row_of(format) >= 0;
}
