/* flows.h - the two kinds of operations: those that change something, and those that
 * read (PROTOCOL.md 6). */
#ifndef MYTEL_FLOWS_H
#define MYTEL_FLOWS_H

#include "esim/flow.h"

void change_step(const struct esim_step *step, struct esim_answer *answer);
void read_step(const struct esim_step *step, struct esim_answer *answer);

#endif
