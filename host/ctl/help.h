/* help.h - what esimctl says about itself, from the rows.
 *
 * Threads  One. */
#ifndef CTL_HELP_H
#define CTL_HELP_H

#include "ctl/command.h"

/* All nouns; one noun's verbs; one command. To standard output. */
void help_all(void);
bool help_noun(const char *noun); /* False: there is no such noun. */
void help_command(const struct command *command);
void help_exit_codes(void);

/* "did you mean" on standard error; nouns, or verbs of a known noun. */
void help_suggest(const char *noun, const char *verb);

/* bash, zsh or fish; false: no such shell. */
bool help_completion(const char *shell);

#endif
