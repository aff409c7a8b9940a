/* nearest.h - the known name that a mistyped one most likely meant.
 *
 * Fill `wanted`, try each known name, ask at the end. */
#ifndef CONF_NEAREST_H
#define CONF_NEAREST_H

struct nearest {
    const char *wanted;
    const char *name; /* Best so far; NULL: none. */
    unsigned distance;
};

/* `name` is kept until nearest_name. Names over 63 characters are left out. */
void nearest_try(struct nearest *nearest, const char *name);

/* NULL when nothing is near: more than a third of the letters differ. */
const char *nearest_name(const struct nearest *nearest);

#endif
