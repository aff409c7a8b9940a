/* number_plan.h - how telephone numbers are written in one country, as a data file.
 *
 * The host knows no country: share/numberplan/ has one file each (YAML), and the setting
 * number.plan_file names the one that counts. It is configuration, not signed: a wrong
 * plan refuses numbers, it opens nothing.
 *
 * Threads  Read-only once loaded; any. */
#ifndef PROFILE_NUMBER_PLAN_H
#define PROFILE_NUMBER_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct number_plan {
    char *country;        /* "95" */
    char *international;  /* "00"; "": none. */
    char *trunk;          /* "0"; "": none. */
    char *mobile;         /* National numbers of mobiles begin with it: "9". */
    uint32_t least, most; /* Digits of any national number. */
    uint32_t least_mobile, most_mobile;
};

/* Errors name file, line and field. The caller destroys. */
struct number_plan *number_plan_load(const char *path, struct err *err);
void number_plan_destroy(struct number_plan **plan);

/* As number_plan_load, from text; `name` is what errors call it. */
struct number_plan *number_plan_read(struct slice text, const char *name,
                                     struct err *err);

#endif
