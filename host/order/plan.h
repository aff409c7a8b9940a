/* plan.h - what an order's type means, step by step. A plan is a table.
 *
 * profile.provision = profile.order, profile.confirm, profile.release, and
 * profile.cancel takes profile.order back. A step marked `optional` is skipped when the
 * chosen adapter does not offer it (some carriers give the activation code with the
 * order), unless the request has a member that it is needed for; all others are needed,
 * and an order whose adapter lacks one is refused before any call.
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
    /* A request with this member needs the step though it is optional: a carrier
     * without it would drop what the member asks for. NULL: none. */
    const char *needed_for;
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

/* `has` answers for one member of the request. */
bool plan_step_is_needed(const struct plan_step *step,
                         bool (*has)(const void *request, const char *member),
                         const void *request);

/* What an adapter offers and what a request has. */
struct plan_match {
    bool (*can)(const void *adapter, const char *capability);
    const void *adapter;
    bool (*has)(const void *request, const char *member);
    const void *request;
};

/* May this adapter serve it? Fills `ret_skipped` with the optional ones it lacks
 * (NULL-ended, room for step_count + 1). On false the error names the capability that is
 * missing. */
bool plan_fits(const struct plan *plan, const struct plan_match *match,
               const char **ret_skipped, struct err *err);

#endif
