/* check.h - contract tests of one adapter, and the verdict on each.
 *
 * A *run* is one call carried out twice, each time in a fresh process with a deadline,
 * and the answers' bytes compared. A *test* is a row of the verdict: many runs, and the
 * first that went wrong with what it takes to see it again. */
#ifndef TOOL_CHECK_H
#define TOOL_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cell/cell.h"
#include "cell/step_codec.h"

enum { CHECK_TESTS_MAX = 256, CHECK_INPUTS_MAX = ESIM_CAPABILITY_MAX };

struct check_test {
    char name[80];
    unsigned runs, failures;
    char detail[400]; /* Of the first failure. */
};

struct check_input {
    const char *capability;
    struct buf json;
};

struct check {
    struct cell_program program;
    struct cell_limits limits;
    struct cell_file file;
    struct esim_about about;
    struct cell_session sessions[8];
    uint32_t session_count;

    struct buf settings, secrets; /* JSON objects. */
    struct check_input inputs[CHECK_INPUTS_MAX];
    size_t input_count;

    struct check_test tests[CHECK_TESTS_MAX];
    size_t test_count;
    struct check_test *now; /* The test whose runs are counted. */
    unsigned hung;          /* Runs that reached their deadline. */
};

/* Begins a row of the verdict. */
void check_begin(struct check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A failure of the present test. `what` says which run it was. */
void check_fail(struct check *check, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One run; none any more when many have hung, so that a check ends. True when both processes answered, with the same bytes, without a refused
 * system call and without a secret in a log line; the reply is left in `reply`. */
bool check_run(struct check *check, enum wire_kind kind, struct slice payload,
               const char *what, struct buf *reply);

/* The same call many times in one process, with little memory: what it leaves behind
 * shows as another answer or as memory used up. */
void check_run_many(struct check *check, enum wire_kind kind, struct slice payload,
                    const char *what);

/* True, and the run is a failure, when a secret's text stands in `text`. */
bool check_finds_secret(struct check *check, struct esim_bytes text, const char *where,
                        const char *what);

/* The groups of tests. */
void check_flows(struct check *check);
void check_sessions(struct check *check);
void check_callbacks(struct check *check);
void check_settings(struct check *check);

#endif
