/* policy_files.h - which files a policy in a folder consists of. */
#ifndef CTL_POLICY_FILES_H
#define CTL_POLICY_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "policy/trial.h"

/* In the order of loading: the policy, then its cases. */
struct policy_files {
    char *paths[TRIAL_FILES_MAX];
    size_t count;
    size_t tests; /* How many of them, at the end, are cases. */
    bool folder;  /* At least one folder was named. */
};

/* Adds a file as it is, or the Lua files of a folder by name: without *.meta.lua, and
 * *_test.lua only when `with_tests`. */
bool policy_files_add(struct policy_files *files, const char *path, bool with_tests,
                      struct err *err);
void policy_files_finish(struct policy_files *files);

#endif
