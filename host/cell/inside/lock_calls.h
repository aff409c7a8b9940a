/* lock_calls.h - which system calls a locked cell may make, as tables.
 *
 * A row is a call and up to three conditions on its arguments (all must hold); a call
 * may have several rows. What has no row is refused. */
#ifndef CELL_INSIDE_LOCK_CALLS_H
#define CELL_INSIDE_LOCK_CALLS_H

#include <stddef.h>
#include <stdint.h>

struct lock_condition {
    unsigned argument;
    uint64_t mask; /* 0 ends the list. */
    uint64_t value;
};

enum { LOCK_CONDITION_MAX = 3 };

struct lock_call {
    int number;
    struct lock_condition conditions[LOCK_CONDITION_MAX];
};

struct lock_calls {
    const struct lock_call *rows;
    size_t count;
};

/* Works after lock_finish. */
struct lock_calls lock_calls_allowed(void);

/* What this build's sanitizers need beyond that; empty without them. */
struct lock_calls lock_calls_of_sanitizer(void);

/* Ends the process, before and after lock_finish. */
struct lock_calls lock_calls_forbidden(void);

/* Fails with EPERM instead of ENOSYS: a C library must not think the call unknown. */
struct lock_calls lock_calls_of_files(void);

#endif
