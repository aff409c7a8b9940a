/* session_inner.h - what the files of the session machine share.
 *
 * session.c         one step: which event, which frame, what is written and when to be
 *                   called again
 * session_login.c   HELLO to WELCOME
 * session_request.c requests, replies, the window
 * session_event.c   what the carrier tells unasked */
#ifndef MYTEL_SESSION_INNER_H
#define MYTEL_SESSION_INNER_H

#include "esim/session.h"
#include "session_state.h"
#include "wire_frame.h"
#include "wire_tlv.h"

/* One step in progress. */
struct turn {
    const struct esim_session_step *step;
    struct esim_session_answer *answer;
    struct session_state state;
    struct mytel_settings settings;
    struct esim_act *acts;
    size_t act_room;
};

/* Adds one act. `key` may be empty. */
void turn_act(struct turn *turn, esim_act_kind kind, int64_t number,
              struct esim_bytes key, struct esim_bytes bytes);

/* Writes one frame, with the next sequence. `key`: of the submit that it carries, or
 * empty. False: it is too long for this carrier, and nothing was written. */
bool turn_write(struct turn *turn, struct mytel_frame *frame, struct esim_bytes key);

/* Says CLOSE with a reason, and closes. `answers`: the frame at fault, or 0. `why` goes
 * to the host's log and to the operator. */
void turn_close(struct turn *turn, enum close_reason reason, uint32_t answers,
                const char *why);

/* Closes without a word, because the carrier said CLOSE or nothing can be said. */
void turn_hang_up(struct turn *turn, const char *why, int64_t retry_ms);

/* A buffer for values, of `room` bytes. */
struct tlv_out turn_values(size_t room);
struct tlv_list turn_body(const struct mytel_frame *frame);

/* ---- session_login.c ---- */
void login_begin(struct turn *turn);
void login_on_challenge(struct turn *turn, const struct mytel_frame *frame);
void login_on_welcome(struct turn *turn, const struct mytel_frame *frame);

/* ---- session_request.c ---- */
/* READY with the carrier's window, or ours when that is smaller. */
void request_tell_window(struct turn *turn);
void request_on_submit(struct turn *turn);
void request_on_reply(struct turn *turn, const struct mytel_frame *frame);
void request_on_window(struct turn *turn, const struct mytel_frame *frame);
/* Tells the host of requests whose reply is overdue. */
void request_expire(struct turn *turn);
/* When the next one will be; INT64_MAX: none. */
int64_t request_due_ms(const struct session_state *state);

/* ---- session_event.c ---- */
void event_on_event(struct turn *turn, const struct mytel_frame *frame);

#endif
