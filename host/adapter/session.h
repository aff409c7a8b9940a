/* session.h - a carrier's kept connection as the host has it: socket, TLS, the state of
 * the adapter's machine, and what waits to be sent (esim/session.h says what the machine
 * does).
 *
 * All of it outlives a process of the adapter's cell, and the version of the adapter: a
 * call that died with its cell is asked again, and session_serve hands the connection to
 * another cell. When the connection is lost every submit that was sent and not answered
 * is lost with it, and it is opened again with backoff.
 *
 * Threads  The loop's. Nothing of session_events and no `done` is called from inside a
 *          function of this file, except from session_stored, session_drain and
 *          session_destroy. */
#ifndef ADAPTER_SESSION_H
#define ADAPTER_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "cell/cell.h"
#include "loop/loop.h"
#include "net/stream.h"

struct session;

enum session_state {
    SESSION_CONNECTING, /* Until the machine has logged in. */
    SESSION_BOUND,
    SESSION_CLOSED, /* Until the next try; for good after session_drain. */
    SESSION_REFUSED /* The carrier refused our credentials: tried again, slowly, and
                       no submit waits for it. */
};
const char *session_state_name(enum session_state state);

/* Where the connection goes and who answers for it. All is borrowed until the next
 * session_serve or the session's end. */
struct session_server {
    struct stream_place place; /* For the next connection. */
    struct cell *cell;
    uint32_t header_bytes; /* Of struct esim_session. */
    const char *settings, *secrets;
    int64_t frame_bytes; /* Largest frame. */
    int64_t keep_ms; /* A delivery nobody waits for, when the machine says nothing. */
};

struct session_conf {
    /* For logs and metrics, and kept by the caller; the default view's tenant is "". */
    const char *adapter, *tenant, *name;
    struct session_server server;
    int64_t retry_base_ms, retry_most_ms; /* Doubles from base to most, with jitter. */
    int64_t refused_ms;                   /* After refused credentials. */
    int64_t rate_per_s;                   /* Submits sent; 0: no limit. */
    size_t queue;                         /* Submits that may wait. */
};

struct session_events {
    /* To be stored; session_stored tells the ticket when it is. Until then nothing that
     * the machine wrote after it leaves. All bytes are borrowed. */
    void (*deliver)(void *arg, uint64_t ticket, struct slice key, struct slice bytes,
                    int64_t keep_ms);
    void (*report)(void *arg, uint64_t ticket, struct slice fact);
    /* Of submits that were sent: no answer will come; or the carrier did not process it,
     * and it shall be submitted again after a while. */
    void (*lost)(void *arg, struct slice key);
    void (*back)(void *arg, struct slice key, int64_t after_ms);
    /* State or window is another one. The session must not be destroyed in here. */
    void (*changed)(void *arg);
    void *arg;
};

/* Connects at once. */
struct session *session_create(struct loop *loop, const struct session_conf *conf,
                               const struct session_events *events);

/* Closes the connection at once; submits not yet sent end so, others are told nothing. */
void session_destroy(struct session **session);

/* From now on this server answers; a call that is out at the old one is asked again. A
 * session without a connection opens one at once: what kept it from it may be put
 * right. */
void session_serve(struct session *session, const struct session_server *server);

/* The host is stopping: submits not yet sent end so, the machine says goodbye, and when
 * the connection is closed it stays so. */
void session_drain(struct session *session);
bool session_is_over(const struct session *session);

void session_stored(struct session *session, uint64_t ticket);

enum session_end {
    SESSION_SENT, /* Its bytes may have left, and its answer, its loss or nothing will
                         be told under its key within `answer_ms` from now. */
    SESSION_NOT_SENT, /* Nothing has left. */
    SESSION_DENIED    /* Nor will it while the carrier refuses our credentials. */
};

/* One submit. `done` is called once, unless it is withdrawn before. Unless it was sent,
 * `after_ms` is the carrier's wish (-1: none) and `why` a sentence. */
struct session_submit;
struct session_offer {
    struct slice key;
    struct slice payload;
    int64_t wait_ms;   /* How long it may wait to be sent ... */
    int64_t answer_ms; /* ... and then to be answered. */
    void (*done)(void *arg, enum session_end end, int64_t after_ms, const char *why);
    void *arg;
};

/* Copies key and payload. NULL: too many wait, the key is in use, or it is stopping; with
 * ERR_UNAUTHORISED: the carrier refused our credentials. */
struct session_submit *session_submit(struct session *session,
                                      const struct session_offer *offer,
                                      struct err *err);

/* `done` is not called. What the machine already has may still be sent. */
void session_withdraw(struct session_submit **submit);

struct session_sight {
    const char *name;
    enum session_state state;
    int64_t window, outstanding, queued;
    int64_t since_ms;   /* Wall; of the state. */
    int64_t failures;   /* Tries in a row that did not last. */
    const char *reason; /* Why it is not bound; "" when it is. */
};
void session_look(const struct session *session, struct session_sight *ret);

#endif
