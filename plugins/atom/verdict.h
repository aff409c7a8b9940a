/* verdict.h - what a carrier's refusal means: one table for all functions.
 *
 * A row says how the exchange ended, under which stable name, and a sentence that a
 * person can act on. Sources: the status code tables of SGP.22 v2.2 5.3.1 to 5.3.5 and
 * the list common to all functions (5.2.6.3). */
#ifndef ATOM_VERDICT_H
#define ATOM_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "esim/abi.h"
#include "wire.h"

struct verdict {
    esim_outcome outcome;
    const char *code;    /* Stable name: "stock_empty". */
    const char *message; /* One sentence; no format directives. */
};

/* What is known about our own earlier tries of the same operation. */
enum verdict_try {
    TRY_FIRST = 0,    /* None that may have been done. */
    TRY_AGAIN = 1,    /* An earlier one may have been done. */
    TRY_AGAIN_OWN = 2 /* And nobody else can have taken this ICCID. */
};

/* The row for a Failed reply; NULL when no row fits (`subject`, `reason` may be
 * NULL). */
const struct verdict *verdict_of(enum es2_function function, const char *subject,
                                 const char *reason, enum verdict_try tried);

/* Of a download that went wrong on the device (handleDownloadProgressInfo). */
struct mishap {
    const char *code;
    const char *message;
    bool is_final; /* The profile is in state Error: only cancelOrder helps. */
};
const struct mishap *mishap_of(const char *subject, const char *reason);

#endif
