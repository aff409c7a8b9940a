#include "ctl/output.h"

#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "ctl/cells.h"
#include "ctl/yaml_text.h"

enum { OUTPUT_BYTES = 256 << 20, CELL_BYTES = 1 << 16 };

static const char *const form_names[OUTPUT_FORM_COUNT] = {
#define X(id, name) [id] = name,
    OUTPUT_FORMS(X)
#undef X
};

const char *output_form_name(enum output_form form)
{
    return form_names[form];
}

bool output_form_read(const char *name, enum output_form *ret)
{
    for (int i = 0; i < OUTPUT_FORM_COUNT; i++) {
        if (strcmp(form_names[i], name) != 0)
            continue;
        *ret = i;
        return true;
    }
    return false;
}

bool output_has_colour(void)
{
    const char *no = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && (no == NULL || no[0] == '\0');
}

static size_t row_count(const json_t *value)
{
    return json_is_array(value) ? json_array_size(value) : 1;
}

static const json_t *row_at(const json_t *value, size_t i)
{
    return json_is_array(value) ? json_array_get(value, i) : value;
}

/* ---- tables ---- */

static void fill_cell(struct libscols_line *line, size_t column, const json_t *row,
                      const struct column *columns)
{
    struct buf text;
    buf_init(&text, CELL_BYTES);
    cell_text(row, columns->member, &text);
    buf_add_text(&text, "");
    scols_line_set_data(line, column, text.ptr == NULL ? "" : text.ptr);
    buf_finish(&text);
}

static void fill_table(struct libscols_table *table, const struct column *columns,
                       bool wide, const json_t *value)
{
    for (const struct column *c = columns; c->title != NULL; c++)
        if (wide || !c->wide)
            scols_table_new_column(table, c->title, 0,
                                   wide || c == columns ? 0 : SCOLS_FL_TRUNC);
    for (size_t i = 0; i < row_count(value); i++) {
        struct libscols_line *line = scols_table_new_line(table, NULL);
        size_t at = 0;
        for (const struct column *c = columns; line != NULL && c->title != NULL; c++)
            if (wide || !c->wide)
                fill_cell(line, at++, row_at(value, i), c);
    }
}

static void show_table(const struct column *columns, bool wide, const json_t *value)
{
    struct libscols_table *table = scols_new_table();
    if (table == NULL)
        return;
    scols_table_enable_colors(table, output_has_colour());
    fill_table(table, columns, wide, value);
    scols_print_table(table);
    scols_unref_table(table);
}

/* ---- the other forms, into one buffer ---- */

/* RFC 4180: quoted where needed, quotes doubled. */
static void add_csv(const char *text, struct buf *out)
{
    if (strpbrk(text, ",\"\n\r") == NULL) {
        buf_add_text(out, text);
        return;
    }
    buf_add_char(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            buf_add_char(out, '"');
        buf_add_char(out, *text);
    }
    buf_add_char(out, '"');
}

static void add_csv_row(const struct column *columns, const json_t *row,
                        struct buf *out)
{
    for (const struct column *c = columns; c->title != NULL; c++) {
        struct buf text;
        buf_init(&text, CELL_BYTES);
        if (row != NULL)
            cell_text(row, c->member, &text);
        else
            buf_add_text(&text, c->member);
        if (c != columns)
            buf_add_char(out, ',');
        if (text.ptr != NULL)
            add_csv(text.ptr, out);
        buf_finish(&text);
    }
    buf_add_text(out, "\r\n");
}

static void show_csv(const struct column *columns, const json_t *value, struct buf *out)
{
    add_csv_row(columns, NULL, out);
    for (size_t i = 0; i < row_count(value); i++)
        add_csv_row(columns, row_at(value, i), out);
}

static void show_names(const struct column *columns, const json_t *value,
                       struct buf *out)
{
    for (size_t i = 0; i < row_count(value); i++) {
        cell_text(row_at(value, i), columns->member, out);
        buf_add_char(out, '\n');
    }
}

static void show_lines(const json_t *value, struct buf *out)
{
    for (size_t i = 0; i < row_count(value); i++) {
        json_write(row_at(value, i), out);
        buf_add_char(out, '\n');
    }
}

static void show_json(const json_t *value)
{
    json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
    putchar('\n');
}

void output_show(enum output_form form, const struct column *columns,
                 const json_t *value)
{
    struct buf out;
    buf_init(&out, OUTPUT_BYTES);
    switch (form) {
    case OUTPUT_TABLE:
    case OUTPUT_WIDE:
        show_table(columns, form == OUTPUT_WIDE, value);
        break;
    case OUTPUT_JSON:
        show_json(value);
        break;
    case OUTPUT_JSONL:
        show_lines(value, &out);
        break;
    case OUTPUT_YAML:
        yaml_write(value, &out);
        break;
    case OUTPUT_CSV:
        show_csv(columns, value, &out);
        break;
    case OUTPUT_NAME:
    case OUTPUT_FORM_COUNT:
        show_names(columns, value, &out);
        break;
    }
    if (out.size > 0)
        fwrite(out.ptr, 1, out.size, stdout);
    fflush(stdout);
    buf_finish(&out);
}
