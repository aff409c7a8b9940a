/* verdict.h - what a carrier's word means: result codes, fault codes, HTTP statuses.
 *
 * Each gives a meaning, a stable name and a sentence that a person can act on. The
 * settings `codes` and `faults` may say otherwise; what a meaning leads to depends on
 * what was asked (call.h). */
#ifndef OOREDOO_VERDICT_H
#define OOREDOO_VERDICT_H

#include <jansson.h>
#include <stdbool.h>

#include "wire_soap.h"

enum meaning {
    MEANS_DONE,
    MEANS_REFUSED, /* Not done, and asking again will not help. */
    MEANS_NOT_YET, /* Not done; may be asked again. */
    MEANS_UNKNOWN, /* May have been done. */
    MEANS_ABSENT,  /* There is no such profile, line or order. */
    MEANS_EXISTS,  /* An order with this reference is there already. */
    MEANS_ALREADY, /* It is so already. */
    MEANS_PENDING, /* Taken on, and not finished. */
    MEANING_COUNT
};

struct verdict {
    enum meaning meaning;
    const char *name;    /* "stock_empty" */
    const char *message; /* No format directives, no words of the carrier. */
};

/* "done", "refused", "not_yet", ... as in the settings; NULL past the last. */
const char *meaning_name(int meaning);

/* False when neither settings nor contract list the code. A verdict that something is
 * absent may have no name: verdict_of_absence then has it. */
bool verdict_of_code(const json_t *settings, const char *code, struct verdict *ret);

/* What is absent follows from what was asked: "profile.cancel", "line.suspend". */
struct verdict verdict_of_absence(const char *operation);

/* By the most particular code that is listed; a fault without one may have been done. */
struct verdict verdict_of_fault(const json_t *settings, const struct soap_fault *fault);

/* NULL when the status says nothing against the body (2xx). */
const struct verdict *verdict_of_status(int status);

/* Whether a verdict in the settings is well written: a meaning, or an object. */
bool verdict_is_valid(const json_t *json);

#endif
