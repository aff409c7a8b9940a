#include "policy/verdict.h"

#include <assert.h>
#include <string.h>

#include "base/json.h"

/* How long the UTF-8 sequence at `at` is; 0 when it is broken (RFC 3629 4). */
static size_t sequence_size(const unsigned char *at, size_t left)
{
    static const struct {
        unsigned char lead_least, lead_most, size, next_least, next_most;
    } forms[] = {
        { 0x00, 0x7F, 1, 0, 0 },       { 0xC2, 0xDF, 2, 0x80, 0xBF },
        { 0xE0, 0xE0, 3, 0xA0, 0xBF }, { 0xE1, 0xEC, 3, 0x80, 0xBF },
        { 0xED, 0xED, 3, 0x80, 0x9F }, { 0xEE, 0xEF, 3, 0x80, 0xBF },
        { 0xF0, 0xF0, 4, 0x90, 0xBF }, { 0xF1, 0xF3, 4, 0x80, 0xBF },
        { 0xF4, 0xF4, 4, 0x80, 0x8F },
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (at[0] < forms[i].lead_least || at[0] > forms[i].lead_most)
            continue;
        if (forms[i].size == 1)
            return 1;
        if (left < forms[i].size || at[1] < forms[i].next_least ||
            at[1] > forms[i].next_most)
            return 0;
        for (size_t k = 2; k < forms[i].size; k++)
            if (at[k] < 0x80 || at[k] > 0xBF)
                return 0;
        return forms[i].size;
    }
    return 0;
}

void verdict_clean(struct slice text, char *ret, size_t size)
{
    assert(size > 0);
    size_t used = 0;
    for (size_t i = 0; i < text.size;) {
        const unsigned char *at = (const unsigned char *)text.ptr + i;
        size_t taken = sequence_size(at, text.size - i);
        bool shown = taken > 0 && at[0] >= ' ' && at[0] != 127;
        size_t length = shown ? taken : 1;
        if (used + length >= size)
            break;
        if (shown)
            memcpy(ret + used, at, length);
        else
            ret[used] = '?';
        used += length;
        i += taken > 0 ? taken : 1;
    }
    ret[used] = '\0';
}

static const char *kind_of(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",  [JSON_STRING] = "text",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a number", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };
    return value == NULL ? "nothing" : names[json_typeof(value)];
}

static bool read_reason(const json_t *result, struct verdict *ret, struct err *err)
{
    const json_t *reason = json_object_get(result, "reason");
    if (!json_is_string(reason) || json_string_length(reason) == 0)
        return err_field(err, "/reason", "expected a sentence, found %s",
                         kind_of(reason));
    verdict_clean(slice_bytes(json_string_value(reason), json_string_length(reason)),
                  ret->reason, sizeof ret->reason);
    return true;
}

static bool read_authorize(const json_t *result, const json_t *args,
                           struct verdict *ret, struct err *err)
{
    (void)args;
    const json_t *allow = json_object_get(result, "allow");
    if (!json_is_boolean(allow))
        return err_field(err, "/allow", "expected true or false, found %s",
                         kind_of(allow));
    ret->allow = json_is_true(allow);
    return true;
}

/* Was an adapter of this name among those offered? */
static bool is_offered(const json_t *args, const char *name)
{
    const json_t *adapters = json_array_get(args, 1), *adapter;
    size_t i;
    json_array_foreach((json_t *)adapters, i, adapter)
    {
        const char *other = json_text(adapter, "name");
        if (other != NULL && strcmp(other, name) == 0)
            return true;
    }
    return false;
}

static bool read_route(const json_t *result, const json_t *args, struct verdict *ret,
                       struct err *err)
{
    const json_t *adapter = json_object_get(result, "adapter");
    if (adapter == NULL || json_is_null(adapter))
        return true;
    if (!json_is_string(adapter))
        return err_field(err, "/adapter", "expected a name or nothing, found %s",
                         kind_of(adapter));
    const char *name = json_string_value(adapter);
    if (!slice_copy(slice_of(name), ret->adapter, sizeof ret->adapter) ||
        !is_offered(args, name))
        return err_field(err, "/adapter",
                         "expected one of the adapters offered, found another name");
    ret->allow = ret->adapter[0] != '\0';
    return true;
}

static const struct reader {
    const char *function;
    bool (*read)(const json_t *result, const json_t *args, struct verdict *ret,
                 struct err *err);
} readers[] = {
    { "authorize", read_authorize },
    { "route", read_route },
};

static const struct reader *reader_of(const char *function)
{
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        if (strcmp(readers[i].function, function) == 0)
            return &readers[i];
    return NULL;
}

const char *verdict_label(const char *function)
{
    const struct reader *reader = reader_of(function);
    return reader == NULL ? "other" : reader->function;
}

bool verdict_read(const char *function, const json_t *args, struct slice result,
                  struct verdict *ret, struct err *err)
{
    const struct reader *reader = reader_of(function);
    struct verdict verdict = { 0 };
    if (reader == NULL)
        return err_set(err, ERR_INVALID, "%s is no function of a policy", function);
    json_t *value = json_read(result, err);
    if (value == NULL)
        return false;
    bool ok = json_is_object(value);
    if (!ok)
        err_field(err, "", "expected a table, found %s", kind_of(value));
    ok = ok && reader->read(value, args, &verdict, err) &&
         read_reason(value, &verdict, err);
    json_decref(value);
    if (ok)
        *ret = verdict;
    return ok;
}
