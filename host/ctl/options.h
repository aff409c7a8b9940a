/* options.h - reads esimctl's command line against the command's row.
 *
 * Flags may stand anywhere: --name value, --name=value, -n value; "--" ends them.
 *
 * Threads  One. */
#ifndef CTL_OPTIONS_H
#define CTL_OPTIONS_H

#include <stdbool.h>

#include "base/err.h"
#include "ctl/command.h"

/* argv without program, noun and verb. ctl->command is set. */
bool options_read(struct ctl *ctl, int argc, char **argv, struct err *err);

#endif
