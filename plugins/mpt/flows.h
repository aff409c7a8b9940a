/* flows.h - the steps of each capability. */
#ifndef MPT_FLOWS_H
#define MPT_FLOWS_H

#include "esim/flow.h"

/* line.activate, line.suspend, line.resume, line.terminate, profile.order. */
void command_step(const struct esim_step *step, struct esim_answer *answer);

/* sms.send */
void sms_step(const struct esim_step *step, struct esim_answer *answer);

#endif
