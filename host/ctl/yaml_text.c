#include "ctl/yaml_text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"

static void write_value(const json_t *value, int indent, struct buf *ret);

/* Letters, digits and a few signs inside; begins with a letter; no word that YAML gives
 * a meaning of its own. */
static bool is_plain(const char *text)
{
    static const char *const words[] = { "true", "false", "null", "yes", "no",
                                         "on",   "off",   "y",    "n" };
    if (!isalpha((unsigned char)text[0]))
        return false;
    for (const char *c = text; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("._-/+", *c) == NULL)
            return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(words[i], text) == 0)
            return false;
    return true;
}

static void write_text(const char *text, struct buf *ret)
{
    if (is_plain(text)) {
        buf_add_text(ret, text);
        return;
    }
    json_t *quoted = json_string(text);
    json_write(quoted, ret);
    json_decref(quoted);
}

static void indent_by(int indent, struct buf *ret)
{
    for (int i = 0; i < indent; i++)
        buf_add_text(ret, "  ");
}

static bool is_nested(const json_t *value)
{
    return (json_is_object(value) && json_object_size(value) > 0) ||
           (json_is_array(value) && json_array_size(value) > 0);
}

static void write_object(const json_t *value, int indent, struct buf *ret)
{
    const char *key;
    json_t *member;
    bool first = true;
    json_object_foreach((json_t *)value, key, member)
    {
        if (!first)
            indent_by(indent, ret);
        first = false;
        write_text(key, ret);
        buf_add_char(ret, ':');
        if (is_nested(member)) {
            buf_add_char(ret, '\n');
            indent_by(indent + 1, ret);
            write_value(member, indent + 1, ret);
        } else {
            buf_add_char(ret, ' ');
            write_value(member, indent, ret);
        }
    }
}

static void write_array(const json_t *value, int indent, struct buf *ret)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (i > 0)
            indent_by(indent, ret);
        buf_add_text(ret, "- ");
        write_value(json_array_get(value, i), indent + 1, ret);
    }
}

static void write_value(const json_t *value, int indent, struct buf *ret)
{
    if (is_nested(value)) {
        if (json_is_object(value))
            write_object(value, indent, ret);
        else
            write_array(value, indent, ret);
        return;
    }
    if (json_is_string(value))
        write_text(json_string_value(value), ret);
    else
        json_write(value, ret);
    buf_add_char(ret, '\n');
}

void yaml_write(const json_t *value, struct buf *ret)
{
    write_value(value, 0, ret);
}
