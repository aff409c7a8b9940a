/* session_state.h - the inside of struct session, for the files that are the session.
 *
 * session.c         its life: connecting, closing, trying again
 * session_step.c    what the machine is asked next, and its answers
 * session_act.c     what it answered, carried out in order
 * session_submit.c  what waits to be sent, and what waits for an answer */
#ifndef ADAPTER_SESSION_STATE_H
#define ADAPTER_SESSION_STATE_H

#include "adapter/session.h"
#include "base/buf.h"
#include "esim/session.h"

enum {
    SESSION_KEY_BUCKETS = 256,
    SESSION_REASON_SIZE = 200,
    SESSION_CUTS = 8,
    SESSION_HEADER_BYTES_MAX = 64
};

enum submit_state {
    SUBMIT_QUEUED,
    SUBMIT_TAKEN /* The machine has it. */,
    SUBMIT_SENT
};

struct session_submit {
    struct session_submit *next; /* In the queue, or in its bucket. */
    struct session *session;
    enum submit_state state;
    int64_t until_ms; /* Wall: to be sent, then to be answered. */
    int64_t answer_ms;
    struct buf key, payload;
    void (*done)(void *arg, enum session_end end, int64_t after_ms, const char *why);
    void *arg;
};

/* An act that has to wait for what was delivered before it. */
struct waiting_act {
    struct waiting_act *next;
    uint64_t after; /* The last ticket given before it. */
    esim_act_kind kind;
    int64_t number;
    struct buf key, bytes;
};

struct ticket {
    struct ticket *next;
    uint64_t number;
    bool stored;
};

/* A header seen before and the frame's length: `frame` depends on nothing else. */
struct session_cut {
    char header[SESSION_HEADER_BYTES_MAX];
    int64_t length; /* 0: not used. */
};

struct session {
    struct loop *loop;
    struct session_conf conf;
    struct session_server server;
    struct session_events events;

    /* The connection. */
    enum session_state state;
    int64_t since_ms;
    char reason[SESSION_REASON_SIZE];
    struct stream *stream; /* NULL: none. */
    struct loop_timer *retry;
    int64_t retry_ms; /* What the machine asked for: -1 refused, 0 nothing. */
    int64_t failures; /* Tries in a row that did not last. */
    bool renewed;     /* Served anew since it was last connected. */
    bool opened;      /* The machine was told, or is to be. */
    bool closing;     /* stream_end was called. */
    bool gone;        /* The stream has ended; the machine is to be told. */
    bool draining;

    /* What the machine is to be told. */
    bool open_due, tick_due, drain_due;
    bool submit_turn; /* Frames and submits take turns. */
    struct loop_timer *tick;

    /* What it is being told. */
    esim_session_event event; /* 0: nothing. */
    bool cutting;             /* Asked for the length of a frame. */
    bool asking;              /* The call is out. */
    uint64_t call;
    struct session_submit *submit; /* ESIM_SUBMIT. */
    unsigned tries;
    struct loop_timer *again;
    struct buf machine; /* Its state. */

    /* Received. */
    struct buf in;
    int64_t frame_bytes; /* Of the first frame in `in`; 0: not known yet. */
    struct session_cut cuts[SESSION_CUTS];
    unsigned next_cut;

    /* Acts. */
    struct waiting_act *acts, **last_act;
    struct ticket *tickets, **last_ticket;
    uint64_t last_number;
    size_t act_count, ticket_count;

    /* Submits. */
    struct session_submit *queue, **last_queued;
    size_t queue_count;
    struct session_submit *keys[SESSION_KEY_BUCKETS]; /* TAKEN or SENT. */
    int64_t window, outstanding;
    int64_t free_us; /* Monotonic: when the rate lets the next one through. */
    struct loop_timer *pace;
    struct loop_timer *expiry;
    int64_t expiry_ms; /* When it fires; 0: it is not set. */
};

/* ---- session.c ---- */
void session_set_state(struct session *session, enum session_state state);
/* Ends the connection; `retry_ms` as in ESIM_ACT_CLOSE, 0: the usual backoff. */
void session_hang_up(struct session *session, struct slice reason, int64_t retry_ms);
/* The machine knows that the connection is gone, or cannot be told. */
void session_conclude(struct session *session);

/* ---- session_step.c ---- */
void session_next(struct session *session);
/* Reads on, or not: at most one frame and a little more is kept. */
void session_pace(struct session *session);
void session_stop_asking(struct session *session);
void session_ask_again(struct session *session);
void session_on_again(void *arg);

/* ---- session_act.c ---- */
void session_carry_out(struct session *session, const struct esim_act *acts,
                       uint64_t count);
void session_drop_acts(struct session *session);
void session_drop_tickets(struct session *session);

/* ---- session_submit.c ---- */
/* The next submit that the window lets through, now the machine's; NULL: none. */
struct session_submit *session_take_submit(struct session *session);
struct session_submit *session_find_submit(struct session *session, struct slice key);
void session_note_sent(struct session_submit *submit);
/* It is over: out of the table, freed. */
void session_end_submit(struct session_submit *submit);
/* As session_end_submit; it ends as not sent. */
void session_refuse_submit(struct session_submit *submit, int64_t after_ms,
                           const char *why);
void session_lose_submits(struct session *session);
void session_refuse_queue(struct session *session, enum session_end end,
                          const char *why);
/* All that was not sent; of the others nothing is told. */
void session_refuse_all(struct session *session, const char *why);
void session_on_expiry(void *arg);
void session_on_pace(void *arg);

#endif
