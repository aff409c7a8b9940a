/* wire_template.h - a message with places for values: what an operator writes.
 *
 *   {{name}}                the value, escaped; the operation is refused without it
 *   {{#name}}...{{/name}}   only when there is such a value
 *   {{^name}}...{{/name}}   only when there is none
 *
 * Sections may lie in one another, up to 8 deep. A name is [a-z][a-z0-9_]*. There is no
 * way to put a value in unescaped. */
#ifndef OOREDOO_WIRE_TEMPLATE_H
#define OOREDOO_WIRE_TEMPLATE_H

#include <stdbool.h>

#include "wire_text.h"

enum { TEMPLATE_NAME_SIZE = 40, TEMPLATE_DEPTH = 8 };

/* Where values come from; NULL: there is none of this name. */
struct template_values {
    const char *(*find)(const void *arg, const char *name);
    const void *arg;
};

enum template_end {
    TEMPLATE_DONE,
    TEMPLATE_BROKEN,    /* Its marks do not fit together; `name` is near. */
    TEMPLATE_MISSING,   /* There is no value `name`. */
    TEMPLATE_UNWRITABLE /* The value `name` has bytes that XML cannot carry. */
};

struct template_result {
    enum template_end end;
    char name[TEMPLATE_NAME_SIZE];
};

/* Appends to `text`. */
struct template_result template_write(const char *template,
                                      const struct template_values *values,
                                      struct text *text);

#endif
