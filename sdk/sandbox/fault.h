/* fault.h - faults on demand: what is to go wrong, with which function, when, how
 * often.
 *
 * Set with POST /sandbox/faults:
 *   {"function":"downloadOrder","fault":"drop_after","after":2,"count":1}
 * function  as the side names it; "*" is any.
 * fault     a name below.
 * after     so many calls of it go well first (0).
 * count     so many calls are hit (1); 0: until the faults are cleared.
 * status    HTTP status of 5xx and throttle. subject, reason: the codes of refuse.
 * ms        of slow; Retry-After of 5xx and throttle, rounded up to seconds.
 * effect    5xx only: the function is carried out first.
 *
 * Threads  The loop's. */
#ifndef SANDBOX_FAULT_H
#define SANDBOX_FAULT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum fault_kind {
    FAULT_NONE,
    FAULT_REFUSE,      /* Not done; a failure in the protocol's own words. */
    FAULT_5XX,         /* An HTTP error. */
    FAULT_THROTTLE,    /* Not done; 429 with Retry-After. */
    FAULT_DROP_BEFORE, /* Not done; the connection is cut. */
    FAULT_DROP_AFTER,  /* Done; the connection is cut instead of an answer. */
    FAULT_SLOW,        /* Done; the answer comes `ms` later. */
    FAULT_GARBAGE,     /* Done; the answer is noise. */
    FAULT_HALF_REPLY,  /* Done; the connection is cut inside the answer. */
    FAULT_KIND_COUNT
};

struct fault {
    enum fault_kind kind;
    int status;
    int64_t ms;
    bool has_effect; /* The function is carried out. */
    char subject[16];
    char reason[16];
};

const char *fault_name(enum fault_kind kind);

struct faults;

struct faults *faults_create(void); /* NULL when memory is short. */
void faults_destroy(struct faults **faults);

bool faults_add(struct faults *faults, const json_t *json, struct err *err);
void faults_clear(struct faults *faults);

/* What is to happen to this call; it is counted. FAULT_NONE: nothing. */
struct fault faults_take(struct faults *faults, const char *function);

/* As set, with what is left. The caller owns the array. */
json_t *faults_list(const struct faults *faults);

#endif
