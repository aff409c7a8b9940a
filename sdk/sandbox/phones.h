/* phones.h - the telephone lines of a carrier, by number.
 *
 * Threads  The loop's. */
#ifndef SANDBOX_PHONES_H
#define SANDBOX_PHONES_H

#include <stdbool.h>

#include "base/slice.h"

enum { PHONE_NUMBER_SIZE = 24 };

enum phone_state {
    PHONE_UNKNOWN, /* Nobody has done anything with it. */
    PHONE_ACTIVE,
    PHONE_SUSPENDED,
    PHONE_DELETED,
    PHONE_STATE_COUNT
};

const char *phone_state_name(enum phone_state state);

struct phone {
    struct phone *next; /* Of its bucket. */
    char number[PHONE_NUMBER_SIZE];
    enum phone_state state;
};

struct phones;

struct phones *phones_create(void); /* NULL when memory is short. */
void phones_destroy(struct phones **phones);

/* Made when it is not there. NULL when memory is short, or the number too long. */
struct phone *phone_of(struct phones *phones, struct slice number);

/* Calls `visit` for each, until it says false. */
void phones_each(const struct phones *phones,
                 bool (*visit)(void *arg, const struct phone *phone), void *arg);

#endif
