/* assign.h - the rows of device.assign that its other files carry out.
 *
 * assign_group.c makes and looks at groups, assign_states.c follows the device. */
#ifndef INTUNE_ASSIGN_H
#define INTUNE_ASSIGN_H

#include "esim/exchange.h"

/* ---- assign_group.c ---- */
void members_ask(struct esim_talk *talk);
void members_tell(struct esim_talk *talk); /* Of a group that the order names. */
void group_find_ask(struct esim_talk *talk);
void group_find_tell(struct esim_talk *talk);
void group_create_ask(struct esim_talk *talk);
void group_create_tell(struct esim_talk *talk);
void member_add_ask(struct esim_talk *talk);
void member_add_tell(struct esim_talk *talk);
void member_check_tell(struct esim_talk *talk);
void member_remove_ask(struct esim_talk *talk);
void member_remove_tell(struct esim_talk *talk);

/* ---- assign_states.c ---- */
void states_ask(struct esim_talk *talk);
void states_tell(struct esim_talk *talk);

/* DONE with the profile's state and what is known about the targeting. */
void assign_done(struct esim_talk *talk, const char *state);

#endif
