/* session.h - a kept connection to a carrier (SMPP, Mytel) as a pure machine.
 *
 * The host owns socket, TLS and session state; the machine only says what to write and
 * what arrived. So a crash or a reload of the adapter drops neither the carrier's TCP
 * connection nor the bind: the host calls the new cell with the kept state.
 *
 * One session serves all operations of a tenant's settings (tenants that share settings
 * and secrets share it). Order of calls: OPENED first, CLOSED last; FRAME, TIMER, SUBMIT
 * between. State is kept in the host's memory, not in the store: when the host itself
 * dies the connection dies with it, and each waiting operation gets ESIM_QUERY or is
 * repeated, by its class. */
#ifndef ESIM_SESSION_H
#define ESIM_SESSION_H

#include "esim/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t esim_session_event;
enum {
    ESIM_OPENED = 1, /* Connected (and TLS done). Log in now. `state` is empty. */
    ESIM_FRAME = 2,  /* One whole frame as cut by `frame`: `bytes`. */
    ESIM_TICK = 3,   /* The time asked for with ESIM_ACT_TIMER has come. */
    ESIM_SUBMIT = 4, /* An operation wants `bytes` (its payload) sent under `key`. */
    ESIM_CLOSED = 5, /* The connection is gone; only DELIVER, LOST and REPORT count. */
    ESIM_DRAIN = 6   /* The host is stopping: say goodbye (unbind), then CLOSE. */
};

typedef int32_t esim_act_kind;
enum {
    ESIM_ACT_WRITE = 1,   /* Send `bytes`. With `key`: these bytes carry that submit. */
    ESIM_ACT_READY = 2,   /* Logged in; up to `number` submits may be outstanding. Again
                             to change the window; 0 holds submits back. */
    ESIM_ACT_DELIVER = 3, /* For the operation waiting under `key`: `bytes`. Kept for
                             `number` ms when nobody waits yet (0 = the manifest's).
                             Several are told one after the other; the host's setting
                             message.queue says how many may wait. A submit of
                             class ONCE takes away what is older under its key. */
    ESIM_ACT_LOST = 4,    /* The submit under `key` will get no answer here. */
    ESIM_ACT_REPORT = 5,  /* Unsolicited: `bytes` is JSON of one fact (inbound.h). */
    ESIM_ACT_TIMER = 6,   /* Call me at `number` (wall ms); replaces the earlier one. */
    ESIM_ACT_CLOSE = 7,   /* Close; `bytes` says why, `number` = ms before the next try,
                             0 = the host's own backoff, -1 = credentials refused: slow
                             retry and an alert. */
    ESIM_ACT_BACK = 8 /* The submit under `key` was *not* processed (throttled, queue
                             full): hand it to me again after `number` ms. */
};

struct esim_act {
    esim_act_kind kind;
    uint32_t reserved;
    int64_t number;
    struct esim_bytes key;
    struct esim_bytes bytes;
};

struct esim_session_step {
    uint32_t size;
    esim_session_event event;
    int64_t now_ms;
    uint8_t random[32];
    struct esim_bytes state;    /* What the last step returned; at most 256 KiB. */
    struct esim_bytes settings; /* As in struct esim_step. */
    struct esim_bytes secrets;
    struct esim_bytes key;   /* ESIM_SUBMIT. */
    struct esim_bytes bytes; /* ESIM_FRAME, ESIM_SUBMIT; ESIM_CLOSED: the reason. */
    uint32_t state_version;  /* Of `state`: state_newest of the version that wrote it,
                                perhaps an older one. The cell sees to it. */
    uint32_t reserved;
};

/* The cell zeroes it and sets `size`. Acts are carried out in order; a WRITE waits until
 * the DELIVER and REPORT before it are stored. So put the acknowledgement of a message
 * (SMPP's deliver_sm_resp) behind its DELIVER: the carrier forgets the message then.
 *
 * A submit is outstanding from its SUBMIT to its DELIVER, LOST or BACK, or to its
 * operation's deadline. What is outstanding after CLOSED the host loses by itself. */
struct esim_session_answer {
    uint32_t size;
    uint32_t reserved;
    struct esim_bytes state;
    const struct esim_act *acts;
    uint64_t act_count; /* At most 256. */
};

struct esim_session {
    uint32_t size;
    const char *name; /* Equals the manifest's session name. */

    /* How many bytes the first frame in `bytes` has; 0 = cannot be told yet (fewer than
     * `header_bytes` are there); -1 = not this protocol, close. Must depend on the first
     * `header_bytes` bytes only. */
    int64_t (*frame)(struct esim_bytes bytes);
    uint32_t header_bytes;

    void (*step)(const struct esim_session_step *step, struct esim_session_answer *ret);
};

/* ESIM_ABILITY_SESSION */
struct esim_sessions {
    uint32_t size;
    uint32_t count;
    const struct esim_session *sessions;
};

#ifdef __cplusplus
}
#endif
#endif
