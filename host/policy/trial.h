/* trial.h - a candidate's files in a real policy cell, without signature or host.
 *
 * For tools: checking, testing and explaining a policy before it is signed. The cell,
 * its library and its limits are those of the host. Blocking: each trial runs a loop of
 * its own.
 *
 * Threads  One trial, one thread. */
#ifndef POLICY_TRIAL_H
#define POLICY_TRIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum { TRIAL_FILES_MAX = 32 };

struct trial;

/* Loads the files in order, each named by the last part of its path. The error is the
 * script's, with file and line. */
struct trial *trial_create(const char *cell_program, const char *const *paths,
                           size_t count, struct err *err);
void trial_destroy(struct trial **trial);

/* The cell's description: {"functions":[...],...}. Borrowed from the trial. */
struct slice trial_description(const struct trial *trial);

/* The text of a file by its short name; empty when there is none. Borrowed. */
struct slice trial_text(const struct trial *trial, const char *name);

/* Calls a function with a JSON array of arguments; appends its result as JSON. The error
 * is the script's. */
bool trial_call(struct trial *trial, const char *function, struct slice args,
                struct buf *ret, struct err *err);

/* As trial_call, with the lines that were executed: appends the JSON of WIRE_EXPLAIN. */
bool trial_explain(struct trial *trial, const char *function, struct slice args,
                   bool locals, struct buf *ret, struct err *err);

/* Appends as JSON what the file returned when it was loaded. */
bool trial_returned(struct trial *trial, const char *file, struct buf *ret,
                    struct err *err);

/* Appends the lines with code: {"rbac.lua":[3,4,...],...}. */
bool trial_lines(struct trial *trial, struct buf *ret, struct err *err);

#endif
