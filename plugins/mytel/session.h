/* session.h - the kept connection as a pure machine (esim/session.h): login, heartbeat,
 * window, requests of many operations at once, events.
 *
 * The payload of a submit is the body of a REQUEST whose id, in hexadecimal, is the
 * submit's key. What is delivered under that key is the body of the REPLY, or the inside
 * of the ANSWER of a REQUEST_FINISHED event (reply.h). */
#ifndef MYTEL_SESSION_H
#define MYTEL_SESSION_H

#include "esim/session.h"

int64_t mytel_session_frame(struct esim_bytes bytes);

void mytel_session_step(const struct esim_session_step *step,
                        struct esim_session_answer *answer);

#endif
