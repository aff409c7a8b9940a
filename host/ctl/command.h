/* command.h - esimctl's commands: one row each, noun and verb.
 *
 * The rows feed dispatch, help, suggestions and shell completion. Data goes to standard
 * output, everything else to standard error.
 *
 * Threads  esimctl has one. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ctl/output.h"

struct client;

/* Documented by `esimctl help exit-codes`. */
/* X(id, number, text) */
#define EXITS(X)                                                                   \
    X(EXIT_DONE, 0, "It is done.")                                                 \
    X(EXIT_TROUBLE, 1, "Something else went wrong; the message says what.")        \
    X(EXIT_USAGE, 2, "The command line is wrong.")                                 \
    X(EXIT_MISSING, 3, "There is no such thing.")                                  \
    X(EXIT_DENIED, 4, "Not signed in, or not allowed.")                            \
    X(EXIT_REFUSED, 5, "The host refused the request: wrong, conflicting, stale.") \
    X(EXIT_AWAY, 6, "The host cannot be reached, is busy, or is not ready.")       \
    X(EXIT_TIMEOUT, 7, "It was not so before --timeout.")                          \
    X(EXIT_OTHERWISE, 8, "It ended otherwise than waited for.")                    \
    X(EXIT_BROKEN, 9, "The audit's chain does not hold.")

enum exit_code {
#define X(id, number, text) id = number,
    EXITS(X)
#undef X
};

/* A flag of a command. Secrets are never flags: they come from files or from "-". */
struct flag {
    const char *name;  /* NULL ends a list. */
    char letter;       /* 0: none. */
    const char *value; /* What it takes, for the help; NULL: nothing. */
    const char *text;
};

enum { FLAGS_MAX = 32, WORDS_MAX = 8 };

/* What the command line said. */
struct ctl {
    const struct command *command;
    const char *flag_names[FLAGS_MAX]; /* Those that were given. */
    const char *flag_values[FLAGS_MAX];
    size_t flag_count;
    char *words[WORDS_MAX]; /* After noun and verb. */
    size_t word_count;
    enum output_form form;
    struct client *client;
};

struct command {
    const char *noun, *verb;
    const char *words; /* "ICCID", "[ID...]": for the help; NULL: none. */
    size_t words_least, words_most;
    const struct flag *flags;
    int (*run)(
        struct ctl *ctl); /* The exit code. NULL: ctl_policy, which needs no host. */
    const char *text;
    const char *example;
};

/* Every command; NULL past the last. */
const struct command *command_at(size_t index);
const struct command *command_of(const char *noun, const char *verb);

/* Flags that every command takes. */
extern const struct flag common_flags[];

/* The value of a flag; "" for one that takes none; NULL when it was not given. */
const char *ctl_flag(const struct ctl *ctl, const char *name);

/* "1500ms", "30s", "5m", "2h", "45" (seconds); `otherwise` when not given. Negative:
 * wrong, and said so. */
int64_t ctl_flag_ms(const struct ctl *ctl, const char *name, int64_t otherwise);

/* Says `err` on standard error. Returns `code`. */
int ctl_fail(int code, const struct err *err);

/* Tables of the resources. */
extern const struct command order_commands[], profile_commands[], line_commands[],
    device_commands[], adapter_commands[], policy_commands[], audit_commands[],
    event_commands[], key_commands[], tenant_commands[], health_commands[];

#endif
