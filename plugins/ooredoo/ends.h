/* ends.h - what an answer leads to: a table of kinds of calls and meanings. */
#ifndef OOREDOO_ENDS_H
#define OOREDOO_ENDS_H

#include "call.h"

enum call_kind {
    CALL_ORDER,  /* profile.order. */
    CALL_FIND,   /* Whether an order came into being. */
    CALL_CHANGE, /* Anything else that changes something. */
    CALL_READ,
    CALL_KIND_COUNT
};

enum reaction {
    REACT_DONE,
    REACT_REFUSED,
    REACT_NOT_YET,
    REACT_LOST,    /* As if no answer had come: by the operation's class. */
    REACT_UNKNOWN, /* A person decides. */
    REACT_FIND,    /* Ask whether the order is there. */
    REACT_LATER    /* Ask the same question again, later. */
};

/* LOST becomes FIND, NOT_YET or UNKNOWN here: the caller never sees it. */
enum reaction reaction_of(const struct call *call, enum call_kind kind,
                          const struct call_answer *answer);

/* Ends the operation for REFUSED, NOT_YET and UNKNOWN. */
void end_by(const struct call *call, enum reaction reaction,
            const struct call_answer *answer);

#endif
