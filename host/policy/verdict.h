/* verdict.h - reads what a script answered, as hostile: the shape must be exactly right.
 *
 * Threads  Any. */
#ifndef POLICY_VERDICT_H
#define POLICY_VERDICT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

enum { VERDICT_REASON_SIZE = 401, VERDICT_ADAPTER_SIZE = 65 };

struct verdict {
    bool allow;
    char reason[VERDICT_REASON_SIZE];   /* One line of UTF-8. */
    char adapter[VERDICT_ADAPTER_SIZE]; /* Empty when none. */
};

/* `function` was asked with `args`, the array of its arguments, and answered `result`.
 * authorize: {allow: boolean, reason: text}. route: {adapter: the name of one of those
 * offered, or absent, reason: text}. Other members are not looked at. False with what
 * was expected and what was found. */
bool verdict_read(const char *function, const json_t *args, struct slice result,
                  struct verdict *ret, struct err *err);

/* Copies foreign text as one line of UTF-8: control characters and broken sequences
 * become '?', what is too long is cut. */
void verdict_clean(struct slice text, char *ret, size_t size);

/* The function's name when it is one of those known, else "other": for metrics. */
const char *verdict_label(const char *function);

#endif
