/* request.h - one request of a flow: its id, its bytes, and how a reply ends it.
 *
 * The payload for the session is the body of a REQUEST; the session makes a frame of it.
 * The key under which the answer comes back is the request's id in hexadecimal. */
#ifndef MYTEL_REQUEST_H
#define MYTEL_REQUEST_H

#include <stdbool.h>

#include "esim/exchange.h"
#include "operations.h"
#include "reply.h"
#include "settings.h"

#define MYTEL_SESSION "mytel" /* Its name in the manifest. */

enum { REQUEST_ID_BYTES = 16 };

struct request {
    uint8_t id[REQUEST_ID_BYTES];
    struct tlv_out out;
};

/* The id of a request that changes: the operation's own, the same in every try, so that
 * the carrier recognises it. False ends the operation. */
bool request_id_of(struct esim_talk *talk, uint8_t ret[REQUEST_ID_BYTES]);

/* Begins a request; `expires_ms` 0 for one that reads. Then come the PARAMS. False ends
 * the operation: memory is short. */
bool request_begin(struct esim_talk *talk, struct request *request,
                   enum operation_number number, int64_t expires_ms);

/* Hands it to the session. */
void request_send(struct esim_talk *talk, struct request *request);

/* The reply that came, or false: silence, or bytes that are none. `ret_silent` tells
 * which. */
bool request_reply(const struct esim_talk *talk, struct mytel_reply *ret,
                   bool *ret_silent);

/* Ends the operation as the verdict on a code above IN_PROGRESS says. */
void request_end(struct esim_talk *talk, const struct mytel_reply *reply);

/* The input with what the settings add to it. */
json_t *request_input(const struct esim_talk *talk);

#endif
