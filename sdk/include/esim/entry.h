/* entry.h - what every adapter's entry does the same way. Part of the helper library, not
 * of the ABI; link as exchange.h says. */
#ifndef ESIM_ENTRY_H
#define ESIM_ENTRY_H

#include <jansson.h>

#include "esim/adapter.h"
#include "esim/flow.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A row of struct esim_flows. */
#define ESIM_FLOW(capability, step)                \
    {                                              \
        sizeof(struct esim_flow), capability, step \
    }

/* What the adapter offers under an ability id. A list ends with an id NULL. */
struct esim_part {
    const char *id; /* ESIM_ABILITY_FLOWS ... */
    const void *ability;
};

/* For struct esim_entry's `ability`: what stands under `id`, or NULL. */
const void *esim_part_of(const struct esim_part *parts, const char *id);

/* For struct esim_check's `settings`. `check` looks at the settings, which are an object:
 * NULL when they are fine, else the dotted path of the wrong one, with what was expected
 * in `ret_expected`; both stay valid for the step. Settings that nobody could look at,
 * because memory is short, are a problem too. */
const struct esim_problem *esim_settings_problem(
    struct esim_bytes settings_json,
    const char *(*check)(const json_t *settings, const char **ret_expected));

#ifdef __cplusplus
}
#endif
#endif
