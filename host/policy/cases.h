/* cases.h - a policy's tests: named cases in Lua files, run in a real policy cell.
 *
 * A test file returns a list of cases (policies/README.md):
 *   name    a sentence
 *   call    the function: "authorize" or "route"
 *   args    the list of its arguments
 *   expect  what the answer must contain: each member given here must be there and equal,
 *           members not given may be anything, null means absent
 *   says    words that the answer's reason must contain
 *   fails   words of the error that the call must end with (instead of the two above)
 *
 * Threads  As the trial. */
#ifndef POLICY_CASES_H
#define POLICY_CASES_H

#include <stdbool.h>

#include <jansson.h>

#include "base/err.h"
#include "policy/trial.h"

/* Of one case. `why` is borrowed during the call; NULL when the case passed. */
typedef void (*case_done)(void *arg, const char *name, const char *why);

struct cases_total {
    unsigned passed, failed;
    json_t *lines;    /* The lines with code: {"rbac.lua":[3,4,...],...}. */
    json_t *executed; /* Those of them that a case executed: {"rbac.lua":[3,...]}. */
};

/* Runs the cases that `file` returned; adds to `total`, which starts as zeroes. False
 * when the file holds no cases, or a case is not of that form. */
bool cases_run(struct trial *trial, const char *file, case_done done, void *arg,
               struct cases_total *total, struct err *err);

void cases_total_finish(struct cases_total *total);

#endif
