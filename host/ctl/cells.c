#include "ctl/cells.h"

#include <string.h>

#include "base/json.h"

static const json_t *find(const json_t *object, const char *member)
{
    char name[64];
    struct slice rest = slice_of(member);
    while (object != NULL && rest.size > 0) {
        struct slice piece = slice_cut(&rest, '.');
        object = slice_copy(piece, name, sizeof name) ? json_object_get(object, name)
                                                      : NULL;
    }
    return object;
}

static void add_printable(const char *text, struct buf *ret)
{
    for (; *text != '\0'; text++)
        buf_add_char(ret, (unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

static void add_value(const json_t *value, struct buf *ret)
{
    if (json_is_string(value))
        add_printable(json_string_value(value), ret);
    else if (json_is_boolean(value))
        buf_add_text(ret, json_is_true(value) ? "yes" : "no");
    else if (value != NULL && !json_is_null(value))
        json_write(value, ret);
}

void cell_text(const json_t *object, const char *member, struct buf *ret)
{
    const json_t *value = find(object, member);
    if (!json_is_array(value)) {
        add_value(value, ret);
        return;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (i > 0)
            buf_add_char(ret, ',');
        add_value(json_array_get(value, i), ret);
    }
}
