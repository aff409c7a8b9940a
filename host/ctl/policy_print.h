/* policy_print.h - traces and coverage of policies, for people.
 *
 * Threads  The trial's. */
#ifndef CTL_POLICY_PRINT_H
#define CTL_POLICY_PRINT_H

#include <jansson.h>
#include <stdio.h>

#include "policy/cases.h"
#include "policy/trial.h"

/* The executed lines in order, called functions indented; below a line the local
 * variables that it set, as far as they are known. `told` is the JSON of WIRE_EXPLAIN. */
void policy_print_trace(FILE *to, const struct trial *trial, const json_t *told);

/* One line for each policy file: how many lines with code a case reached, and which
 * ones none did. */
void policy_print_coverage(FILE *to, const struct cases_total *total);

#endif
