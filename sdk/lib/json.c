#include <stdlib.h>
#include <string.h>

#include "esim/exchange.h"
#include "lib.h"

enum { DEPTH_MAX = 32, GUESSED_BYTES = 512 };

/* jansson's own cap of 2048 levels recurses too far for a cell's stack. Counts brackets
 * outside of text; whether they match is jansson's to say. */
static bool nests_too_deep(const char *text, size_t size)
{
    unsigned depth = 0;
    bool in_text = false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (in_text && c == '\\')
            i++;
        else if (c == '"')
            in_text = !in_text;
        else if (!in_text && (c == '[' || c == '{') && ++depth > DEPTH_MAX)
            return true;
        else if (!in_text && (c == ']' || c == '}') && depth > 0)
            depth--;
    }
    return false;
}

/* jansson 2.14 takes a zero byte after a number for white space. */
json_t *esim_json_read(struct esim_bytes text)
{
    if (text.size == 0 || memchr(text.ptr, '\0', text.size) != NULL ||
        nests_too_deep(text.ptr, text.size))
        return NULL;
    return json_loadb(text.ptr, text.size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES,
                      NULL);
}

/* Most values are short: written at once into a guessed room, and only a longer one is
 * written a second time. */
struct esim_bytes esim_json_write(const json_t *value)
{
    const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
    const struct esim_bytes nothing = { NULL, 0 };
    size_t room = GUESSED_BYTES;
    char *text = value == NULL ? NULL : lib_alloc(room);
    if (text == NULL)
        return nothing;
    size_t size = json_dumpb(value, text, room, flags);
    if (size > room) {
        text = lib_alloc(size);
        size = text == NULL ? 0 : json_dumpb(value, text, size, flags);
    }
    return size == 0 ? nothing : (struct esim_bytes){ text, size };
}

const char *esim_json_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* One name of a path: an object's member, or an array's element by number. */
static json_t *member(const json_t *of, const char *name, size_t length)
{
    char key[128];
    if (length >= sizeof key)
        return NULL;
    memcpy(key, name, length);
    key[length] = '\0';
    if (!json_is_array(of))
        return json_object_get(of, key);
    char *end;
    unsigned long index = strtoul(key, &end, 10);
    return length == 0 || *end != '\0' ? NULL : json_array_get(of, index);
}

json_t *esim_json_at(const json_t *object, const char *path)
{
    const json_t *here = object;
    for (;;) {
        size_t length = strcspn(path, ".");
        json_t *found = member(here, path, length);
        if (found == NULL || path[length] == '\0')
            return found;
        here = found;
        path += length + 1;
    }
}

/* Text that is not UTF-8 cannot be a member: it is left out, as a NULL is. */
void esim_json_put(json_t *object, const char *key, const char *text)
{
    json_t *value = text == NULL ? NULL : json_string(text);
    if (value != NULL)
        json_object_set_new(object, key, value);
}
