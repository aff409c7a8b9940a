/* flows.h - one flow a capability; each is a file of its own. */
#ifndef ATOM_FLOWS_H
#define ATOM_FLOWS_H

#include "esim/flow.h"

void order_step(const struct esim_step *step, struct esim_answer *answer);
void confirm_step(const struct esim_step *step, struct esim_answer *answer);
void release_step(const struct esim_step *step, struct esim_answer *answer);
void cancel_step(const struct esim_step *step, struct esim_answer *answer);

#endif
