/* reply.h - what a carrier's reply to a command means, by the patterns in the settings. */
#ifndef MPT_REPLY_H
#define MPT_REPLY_H

#include "esim/exchange.h"
#include "settings.h"

/* Ends the operation as the first matching pattern says. False: it says wait, or the
 * reply is another operation's. A reply that matches nothing ends UNKNOWN: the carrier
 * has acted, and nobody here can read how. */
bool reply_ends(struct esim_talk *talk, const struct mpt_settings *settings,
                const struct reference *reference, const json_t *message);

#endif
