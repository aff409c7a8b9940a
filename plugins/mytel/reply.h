/* reply.h - what is handed from the session to the flow: the body of a REPLY or the inside
 * of an ANSWER. Both hold a code and its results. */
#ifndef MYTEL_REPLY_H
#define MYTEL_REPLY_H

#include <stdbool.h>

#include "esim/abi.h"
#include "wire_tlv.h"

struct mytel_reply {
    uint16_t code;
    int64_t retry_after_ms;  /* -1 when the carrier names none. */
    struct tlv_list results; /* Empty when there are none. */
};

/* False when the bytes are not sound or lack the code. */
bool mytel_reply_read(struct esim_bytes body, struct mytel_reply *ret);

#endif
