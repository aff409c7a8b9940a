#include "result.h"

#include <string.h>

#include "esim/exchange.h"

enum { EID_DIGITS = 32, ICCID_LEAST = 18, ICCID_MOST = 20 };

static const char digits[] = "0123456789";

const char *result_iccid(const char *text)
{
    size_t size = text == NULL ? 0 : strspn(text, digits);
    bool is_iccid = size >= ICCID_LEAST && size <= ICCID_MOST &&
                    (text[size] == '\0' || strcmp(text + size, "F") == 0 ||
                     strcmp(text + size, "f") == 0);
    return is_iccid ? esim_string((struct esim_bytes){ text, size }) : NULL;
}

static const char *one_of(const char *const *known, size_t count, const char *word)
{
    for (size_t i = 0; word != NULL && i < count; i++)
        if (strcmp(known[i], word) == 0)
            return known[i];
    return NULL;
}

static const char *translated(const json_t *table, const char *word)
{
    const char *ours = word == NULL ? NULL : esim_json_text(table, word);
    return ours != NULL ? ours : word;
}

const char *result_state(const json_t *settings, const char *word)
{
    static const char *const known[] = { "Available", "Allocated", "Linked",
                                         "Confirmed", "Released",  "Downloaded",
                                         "Installed", "Error",     "Unavailable" };
    return one_of(known, sizeof known / sizeof known[0],
                  translated(json_object_get(settings, "states"), word));
}

const char *result_line_state(const json_t *settings, const char *word)
{
    static const char *const known[] = { "PROVISIONED", "ACTIVE", "SUSPENDED",
                                         "DELETED" };
    return one_of(known, sizeof known / sizeof known[0],
                  translated(json_object_get(settings, "line_states"), word));
}

static const char *time_of(const json_t *fields, const char *member)
{
    int64_t wall_ms = esim_time_read(esim_json_text(fields, member));
    return wall_ms < 0 ? NULL : esim_time_text(wall_ms);
}

void result_put_profile(json_t *result, const json_t *fields, const json_t *settings,
                        const struct soap_settings *read)
{
    const char *eid = esim_json_text(fields, "eid");
    const char *address = esim_json_text(fields, "smdp_address");
    if (eid != NULL && strlen(eid) == EID_DIGITS && strspn(eid, digits) == EID_DIGITS)
        esim_json_put(result, "eid", eid);
    esim_json_put(result, "state",
                  result_state(settings, esim_json_text(fields, "state")));
    esim_json_put(result, "matching_id", esim_json_text(fields, "matching_id"));
    esim_json_put(result, "smdp_address",
                  address != NULL ? address : read->smdp_address);
    esim_json_put(result, "activation_code", esim_json_text(fields, "activation_code"));
    esim_json_put(result, "at", time_of(fields, "at"));
}

/* ---- usage ---- */

static bool put_time(json_t *record, const json_t *fields, const char *member)
{
    const char *text = time_of(fields, member);
    esim_json_put(record, member, text);
    return text != NULL;
}

static bool put_number(json_t *record, const json_t *fields, const char *member)
{
    enum { DIGITS_MOST = 18 }; /* Below 2^63. */
    const char *text = esim_json_text(fields, member);
    if (text == NULL)
        return true;
    size_t size = strlen(text);
    if (size == 0 || size > DIGITS_MOST || strspn(text, digits) != size)
        return false;
    json_int_t number = 0;
    for (; *text != '\0'; text++)
        number = number * 10 + (*text - '0');
    return json_object_set_new(record, member, json_integer(number)) == 0;
}

json_t *result_record(const json_t *fields)
{
    static const char *const numbers[] = { "bytes_down", "bytes_up", "sms", "seconds" };
    json_t *record = json_object();
    bool ok = put_time(record, fields, "from") && put_time(record, fields, "to");
    for (size_t i = 0; ok && i < sizeof numbers / sizeof numbers[0]; i++)
        ok = put_number(record, fields, numbers[i]);
    return ok ? record : NULL;
}
