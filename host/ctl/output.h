/* output.h - shows JSON in the form that -o asks for.
 *
 * Threads  One. */
#ifndef CTL_OUTPUT_H
#define CTL_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>

/* X(id, name) */
#define OUTPUT_FORMS(X)      \
    X(OUTPUT_TABLE, "table") \
    X(OUTPUT_WIDE, "wide")   \
    X(OUTPUT_JSON, "json")   \
    X(OUTPUT_JSONL, "jsonl") \
    X(OUTPUT_YAML, "yaml")   \
    X(OUTPUT_CSV, "csv")     \
    X(OUTPUT_NAME, "name")

enum output_form {
#define X(id, name) id,
    OUTPUT_FORMS(X)
#undef X
        OUTPUT_FORM_COUNT
};

const char *output_form_name(enum output_form form);
bool output_form_read(const char *name, enum output_form *ret);

/* A column of table, wide and csv. */
struct column {
    const char *title;  /* NULL ends the list. */
    const char *member; /* Dotted: "health.reason"; lists are joined by commas. */
    bool wide;          /* Not in the narrow table. */
};

/* A list of objects, or one object. The first column names a thing (-o name). */
void output_show(enum output_form form, const struct column *columns,
                 const json_t *value);

/* True when standard output is a terminal that may be coloured (NO_COLOR). */
bool output_has_colour(void);

#endif
