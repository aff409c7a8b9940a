#include "base/json.h"

#include <assert.h>
#include <stdlib.h>

#include "base/id.h"
#include "base/memory.h"

/* jansson leaves a member out when it has no memory for it, and few callers can notice:
 * what is stored or told would be another value. */
static void *allocate(size_t size)
{
    void *memory = malloc(size);
    if (memory == NULL)
        memory_used_up();
    return memory;
}

void json_start(void)
{
    json_set_alloc_funcs(allocate, free);
    size_t seed = 0;
    while (seed == 0)
        id_random(&seed, sizeof seed);
    json_object_seed(seed);
}

/* Refuses by counting brackets outside strings before the recursive parser runs. */
static bool depth_is_fine(struct slice text)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.ptr[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if ((c == '{' || c == '[') && ++depth > JSON_DEPTH_MAX) {
            return false;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return true;
}

json_t *json_read(struct slice text, struct err *err)
{
    if (!depth_is_fine(text)) {
        err_set(err, ERR_INVALID, "JSON is nested deeper than %d levels",
                JSON_DEPTH_MAX);
        return NULL;
    }
    json_error_t found;
    json_t *value = json_loadb(text.ptr == NULL ? "" : text.ptr, text.size,
                               JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &found);
    if (value == NULL)
        err_set(err, ERR_INVALID, "not JSON: line %d, column %d: %s", found.line,
                found.column, found.text);
    return value;
}

static int append(const char *bytes, size_t size, void *buf)
{
    buf_add(buf, bytes, size);
    return buf_ok(buf) ? 0 : -1;
}

static void write_with(const json_t *value, size_t flags, struct buf *ret)
{
    int failed = json_dump_callback(value, append, ret, flags);
    assert(failed == 0 || !buf_ok(ret));
}

void json_write(const json_t *value, struct buf *ret)
{
    write_with(value, JSON_COMPACT | JSON_ENCODE_ANY, ret);
}

void json_write_sorted(const json_t *value, struct buf *ret)
{
    write_with(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS, ret);
}

const char *json_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

int64_t json_int(const json_t *object, const char *key, int64_t otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

bool json_bool(const json_t *object, const char *key, bool otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

void json_put_text(json_t *object, const char *key, const char *text)
{
    if (text == NULL)
        return;
    int failed = json_object_set_new(object, key, json_string(text));
    assert(failed == 0);
}

void json_put_int(json_t *object, const char *key, int64_t number)
{
    int failed = json_object_set_new(object, key, json_integer(number));
    assert(failed == 0);
}
