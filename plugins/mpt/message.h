/* message.h - what a flow hands to the session machine, and what comes back.
 *
 * There: the bodies of PDUs, complete but for the header, in a few bytes of frame. Back:
 * JSON with a member `kind`:
 *   response  {try, parts: [{status, id?}]}   to a submit, when all parts are answered
 *   receipt   {id?, state, error?}            what became of one part
 *   reply     {from, text}                    a message of the carrier that names us
 *   state     {try, status, state?, error?}   to a query
 *   fault     {}                              the machine could not read the submit
 * `try` is the operation's attempt: an answer to an earlier one is no answer now. */
#ifndef MPT_MESSAGE_H
#define MPT_MESSAGE_H

#include <jansson.h>

#include "wire_receipt.h"
#include "wire_split.h"

struct mpt_submit {
    uint32_t command; /* SMPP_SUBMIT_SM, SMPP_DATA_SM, SMPP_QUERY_SM. */
    uint32_t attempt;
    bool expects_reply;   /* Its user_message_reference is worth remembering. */
    bool expects_receipt; /* Its message id is. */
    uint16_t reference;   /* user_message_reference; 0: none was sent. */
    struct esim_bytes bodies[SMPP_PARTS_MOST];
    size_t count;
};
void mpt_submit_write(struct smpp_out *out, const struct mpt_submit *submit);
/* Bodies are borrowed from the bytes. */
bool mpt_submit_read(struct esim_bytes bytes, struct mpt_submit *ret);

struct mpt_answer { /* To one part. */
    uint32_t status;
    const char *id; /* As smpp_id_name spells it; "" when none came. */
};
struct esim_bytes mpt_response_write(uint32_t attempt, const struct mpt_answer *parts,
                                     size_t count);
struct esim_bytes mpt_receipt_write(const char *id, enum smpp_state state,
                                    const char *error);
struct esim_bytes mpt_reply_write(struct esim_bytes from, struct esim_bytes text);
struct esim_bytes mpt_state_write(uint32_t attempt, uint32_t status,
                                  enum smpp_state state, unsigned error);
struct esim_bytes mpt_fault_write(void);

/* The key under which a receipt is kept whose message nobody knows yet. */
struct esim_bytes mpt_receipt_key(const char *id);

#endif
