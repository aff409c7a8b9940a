/* plan.h - what an order's type means, step by step. A plan is a table.
 *
 * profile.provision = profile.order, profile.confirm, profile.release, and
 * profile.cancel takes profile.order back. A step marked `optional` is skipped when the
 * chosen adapter does not offer it (some carriers give the activation code with the
 * order); all others are needed, and an order whose adapter lacks one is refused before
 * any call.
 *
 * Pure. */
#ifndef ORDER_PLAN_H
#define ORDER_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { PLAN_NEEDS_MAX = 4, PLAN_SHOWS_MAX = 7 };

struct plan_step {
    const char *capability;
    const char *undo; /* Capability that takes it back; NULL: nothing to take back. */
    bool optional;
};

struct plan {
    const char *name; /* The order's type. */
    const char *text;
    const char *needs[PLAN_NEEDS_MAX + 1]; /* Request members it needs, NULL-ended. */
    const char *yields; /* A variable that must be there at the end, or NULL. */
    /* Variables that the order shows as its result, NULL-ended; never a secret. */
    const char *shows[PLAN_SHOWS_MAX + 1];
    const struct plan_step *steps;
    size_t step_count;
};

const struct plan *plan_of(const char *name); /* NULL: no such plan. */
const struct plan *plan_at(size_t index);     /* NULL past the last. */

/* May this adapter serve it? `can` answers for one capability. Fills `ret_skipped` with
 * the optional ones it lacks (NULL-ended, room for step_count + 1). On false the error
 * names the capability that is missing. */
bool plan_fits(const struct plan *plan, bool (*can)(const void *arg, const char *name),
               const void *arg, const char **ret_skipped, struct err *err);

#endif
