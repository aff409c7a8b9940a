/* flows.h - one flow a capability; each is a file of its own. */
#ifndef INTUNE_FLOWS_H
#define INTUNE_FLOWS_H

#include "esim/flow.h"

void list_step(const struct esim_step *step, struct esim_answer *answer);
void read_step(const struct esim_step *step, struct esim_answer *answer);
void sync_step(const struct esim_step *step, struct esim_answer *answer);
void retire_step(const struct esim_step *step, struct esim_answer *answer);
void group_step(const struct esim_step *step, struct esim_answer *answer);
void config_step(const struct esim_step *step, struct esim_answer *answer);
void assign_step(const struct esim_step *step, struct esim_answer *answer);
void activate_step(const struct esim_step *step, struct esim_answer *answer);
void compliance_step(const struct esim_step *step, struct esim_answer *answer);
void notify_step(const struct esim_step *step, struct esim_answer *answer);
void script_step(const struct esim_step *step, struct esim_answer *answer);

#endif
