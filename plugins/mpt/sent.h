/* sent.h - what became of a message that an operation sent: the part that commands and
 * plain messages have in common.
 *
 * Variables of the operation (its stored state):
 *   try      the attempt that sent it
 *   ids      the carrier's ids, one a part, once the response told them
 *   state    the last message_state that a receipt or query_sm told
 *   until    when waiting ends, wall ms */
#ifndef MPT_SENT_H
#define MPT_SENT_H

#include "esim/exchange.h"
#include "message.h"
#include "settings.h"

struct sent {
    struct esim_talk *talk;
    struct mpt_settings settings;
    struct reference reference;
    const char *name;      /* The reference's text, for as long as the step. */
    const json_t *message; /* What came: message.h. NULL: nothing. */
    const char *kind;      /* Its kind, "" when nothing came. */
};

struct sent sent_of(struct esim_talk *talk);

/* What came, as far as both care for it. */
enum sent_news {
    SENT_NOTHING,  /* Nothing, or nothing new. */
    SENT_ACCEPTED, /* The response: the carrier has it. */
    SENT_REPLY,    /* A reply: the caller's to read. */
    SENT_TOLD,     /* A receipt or query_sm told a state. */
    SENT_OVER      /* The operation was ended: refused, or not yet. */
};
enum sent_news sent_news(struct sent *sent);

bool sent_is_accepted(const struct sent *sent);
const char *sent_id(const struct sent *sent); /* The first; NULL before. */
enum smpp_state sent_state(const struct sent *sent);

/* Waits under `key` until the variable `until`; when that is not set, it is set to
 * `wait_ms` from now. */
void sent_await(struct sent *sent, const char *key, int64_t wait_ms);
void sent_wait_again(struct sent *sent);

/* Looks for a receipt that came when nobody knew its message. */
void sent_await_receipt(struct sent *sent);

/* Asks by query_sm. */
void sent_query(struct sent *sent);

#endif
