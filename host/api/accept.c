#include "api/accept.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/slice.h"

static struct slice trim(struct slice text)
{
    while (text.size > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
        text.ptr++;
        text.size--;
    }
    while (text.size > 0 &&
           (text.ptr[text.size - 1] == ' ' || text.ptr[text.size - 1] == '\t'))
        text.size--;
    return text;
}

/* "0.8" in thousandths; what is no weight counts as 1. */
static int weight_of(struct slice parameters)
{
    while (parameters.size > 0) {
        struct slice one = trim(slice_cut(&parameters, ';'));
        if (one.size < 3 || (one.ptr[0] | 0x20) != 'q' || one.ptr[1] != '=')
            continue;
        int weight = one.ptr[2] == '0' ? 0 : 1000, unit = 100;
        for (size_t i = 4; weight < 1000 && i < one.size && unit > 0; i++, unit /= 10)
            if (one.ptr[i] >= '0' && one.ptr[i] <= '9')
                weight += (one.ptr[i] - '0') * unit;
        return weight;
    }
    return 1000;
}

/* How exactly a range names a type: 3 exact, 2 "image/" and star, 1 all, 0 not. */
static int exactness(struct slice range, const char *type)
{
    if (slice_is_nocase(range, type))
        return 3;
    if (slice_is(range, "*/*"))
        return 1;
    size_t slash = strcspn(type, "/") + 1;
    bool family = range.size == slash + 1 && range.ptr[slash] == '*' &&
                  strncasecmp(range.ptr, type, slash) == 0;
    return family ? 2 : 0;
}

/* The weight of a type is that of the range that names it most exactly. */
static int weight_for(const char *accept, const char *type)
{
    int best = 0, weight = 0;
    struct slice rest = slice_of(accept);
    while (rest.size > 0) {
        struct slice parameters = slice_cut(&rest, ',');
        struct slice range = trim(slice_cut(&parameters, ';'));
        int exact = exactness(range, type);
        if (exact > best) {
            best = exact;
            weight = weight_of(parameters);
        }
    }
    return weight;
}

int accept_choose(const char *accept, const char *const *types)
{
    int chosen = -1, most = 0;
    if (accept == NULL || accept[0] == '\0')
        return 0;
    for (int i = 0; types[i] != NULL; i++) {
        int weight = weight_for(accept, types[i]);
        if (weight > most) {
            most = weight;
            chosen = i;
        }
    }
    return chosen;
}
