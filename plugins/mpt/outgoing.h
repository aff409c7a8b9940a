/* outgoing.h - what an operation sends, as PDU bodies for the session machine. */
#ifndef MPT_OUTGOING_H
#define MPT_OUTGOING_H

#include "message.h"
#include "settings.h"

struct outgoing {
    const char *to;
    int64_t ton, npi;
    struct esim_bytes text; /* UTF-8 */
    uint16_t reference;
    uint32_t attempt;
    int64_t now_ms; /* Wall, for an absolute validity_period. */
    bool expects_reply;
};

/* The submit's bytes. NULL when it cannot be sent: ret_why says what to change. */
bool outgoing_write(const struct mpt_settings *settings,
                    const struct outgoing *outgoing, struct esim_bytes *ret,
                    const char **ret_why);

/* The question for a message's state. */
bool outgoing_query(const struct mpt_settings *settings, const char *id,
                    uint32_t attempt, struct esim_bytes *ret);

#endif
