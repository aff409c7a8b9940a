#include "esim/entry.h"

#include <string.h>

#include "esim/exchange.h"
#include "lib.h"

const void *esim_part_of(const struct esim_part *parts, const char *id)
{
    for (; parts->id != NULL; parts++)
        if (strcmp(parts->id, id) == 0)
            return parts->ability;
    return NULL;
}

static const struct esim_problem no_memory = {
    .size = sizeof no_memory,
    .retry_after_s = -1,
    .message = { "the check ran out of memory",
                 sizeof "the check ran out of memory" - 1 },
};

const struct esim_problem *esim_settings_problem(
    struct esim_bytes settings_json,
    const char *(*check)(const json_t *settings, const char **ret_expected))
{
    const json_t *settings = esim_json_read(settings_json);
    const char *expected = "expected a JSON object";
    const char *path = json_is_object(settings) ? check(settings, &expected) : "";
    if (path == NULL)
        return NULL;
    struct esim_problem *problem = lib_alloc(sizeof *problem);
    if (problem == NULL)
        return &no_memory;
    problem->size = sizeof *problem;
    problem->retry_after_s = -1;
    problem->code = esim_text(path);
    problem->message = esim_text(expected);
    return problem;
}
