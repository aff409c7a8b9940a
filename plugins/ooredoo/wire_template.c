#include "wire_template.h"

#include <string.h>

struct writer {
    const struct template_values *values;
    struct text *text;
    struct template_result result;
    char open[TEMPLATE_DEPTH][TEMPLATE_NAME_SIZE];
    unsigned depth;
    unsigned hidden_from; /* Depth from which nothing is written; 0: all is. */
};

static bool fail(struct writer *writer, enum template_end end, const char *name)
{
    writer->result.end = end;
    size_t length = strnlen(name, TEMPLATE_NAME_SIZE - 1);
    memcpy(writer->result.name, name, length);
    writer->result.name[length] = '\0';
    return false;
}

static bool is_name(const char *text)
{
    return text[0] >= 'a' && text[0] <= 'z' &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static bool put_value(struct writer *writer, const char *name)
{
    if (writer->hidden_from != 0)
        return true;
    const char *value = writer->values->find(writer->values->arg, name);
    if (value == NULL)
        return fail(writer, TEMPLATE_MISSING, name);
    if (!text_is_xml(value))
        return fail(writer, TEMPLATE_UNWRITABLE, name);
    text_put_value(writer->text, value);
    return true;
}

static bool open_section(struct writer *writer, const char *name, bool wants_value)
{
    if (writer->depth == TEMPLATE_DEPTH)
        return fail(writer, TEMPLATE_BROKEN, name);
    memcpy(writer->open[writer->depth++], name, strlen(name) + 1);
    bool has_value = writer->values->find(writer->values->arg, name) != NULL;
    if (writer->hidden_from == 0 && has_value != wants_value)
        writer->hidden_from = writer->depth;
    return true;
}

static bool close_section(struct writer *writer, const char *name)
{
    if (writer->depth == 0 || strcmp(writer->open[writer->depth - 1], name) != 0)
        return fail(writer, TEMPLATE_BROKEN, name);
    if (writer->hidden_from == writer->depth)
        writer->hidden_from = 0;
    writer->depth--;
    return true;
}

/* What stands between {{ and }}. */
static bool take_mark(struct writer *writer, const char *ptr, size_t size)
{
    char mark[TEMPLATE_NAME_SIZE + 1] = "";
    if (size == 0 || size >= TEMPLATE_NAME_SIZE)
        return fail(writer, TEMPLATE_BROKEN, "{{");
    memcpy(mark, ptr, size);
    bool is_plain = strchr("#^/", mark[0]) == NULL;
    const char *name = is_plain ? mark : mark + 1;
    if (!is_name(name))
        return fail(writer, TEMPLATE_BROKEN, mark);
    if (is_plain)
        return put_value(writer, name);
    if (mark[0] == '/')
        return close_section(writer, name);
    return open_section(writer, name, mark[0] == '#');
}

static bool write_all(struct writer *writer, const char *at)
{
    for (;;) {
        const char *mark = strstr(at, "{{");
        size_t plain = mark == NULL ? strlen(at) : (size_t)(mark - at);
        if (writer->hidden_from == 0)
            text_put_bytes(writer->text, at, plain);
        if (mark == NULL)
            break;
        const char *end = strstr(mark, "}}");
        if (end == NULL)
            return fail(writer, TEMPLATE_BROKEN, "{{");
        if (!take_mark(writer, mark + 2, (size_t)(end - mark - 2)))
            return false;
        at = end + 2;
    }
    return writer->depth == 0 ||
           fail(writer, TEMPLATE_BROKEN, writer->open[writer->depth - 1]);
}

struct template_result template_write(const char *template,
                                      const struct template_values *values,
                                      struct text *text)
{
    struct writer writer = { .values = values, .text = text };
    (void)write_all(&writer, template);
    return writer.result;
}
