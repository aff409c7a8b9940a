/* flows.h - how an operation goes: three kinds of flows, a file each. */
#ifndef OOREDOO_FLOWS_H
#define OOREDOO_FLOWS_H

#include "esim/flow.h"

void order_step(const struct esim_step *step, struct esim_answer *answer);
void change_step(const struct esim_step *step, struct esim_answer *answer);
void read_step(const struct esim_step *step, struct esim_answer *answer);

#endif
