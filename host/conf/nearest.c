#include "conf/nearest.h"

#include <stddef.h>
#include <string.h>

enum { NAME_MAX_SIZE = 64 };

static unsigned least_of(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;
    return least < c ? least : c;
}

/* Levenshtein's distance, one row at a time. */
static unsigned distance_of(const char *a, const char *b)
{
    unsigned row[NAME_MAX_SIZE];
    size_t columns = strlen(b);
    for (unsigned j = 0; j <= columns; j++)
        row[j] = j;
    for (unsigned i = 1; a[i - 1] != '\0'; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            unsigned above = row[j];
            row[j] = least_of(above + 1, row[j - 1] + 1,
                              diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[columns];
}

void nearest_try(struct nearest *nearest, const char *name)
{
    if (strlen(name) >= NAME_MAX_SIZE || strlen(nearest->wanted) >= NAME_MAX_SIZE)
        return;
    unsigned distance = distance_of(nearest->wanted, name);
    if (nearest->name != NULL && distance >= nearest->distance)
        return;
    nearest->name = name;
    nearest->distance = distance;
}

const char *nearest_name(const struct nearest *nearest)
{
    if (nearest->name == NULL || nearest->distance * 3 > strlen(nearest->name))
        return NULL;
    return nearest->name;
}
