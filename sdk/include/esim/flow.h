/* flow.h - how an adapter carries out an operation: (state, event) -> (state', action).
 *
 * One operation is one capability asked for once ("profile.order"). The host calls
 * `step` with ESIM_START; the adapter answers with one action and its new state; the
 * host stores both, carries the action out, and calls `step` with what happened, until
 * the adapter answers ESIM_END. Between two calls there may be days, a restart of the
 * host, or a newer version of the adapter: nothing but `state` is remembered.
 *
 * A lost answer. The host decides by the exchange's class: nothing left, or the class is
 * SAFE or IDEMPOTENT: it repeats the exchange itself, with backoff. Something may have
 * left and the class is ONCE: it calls the same flow with ESIM_QUERY, whose only
 * exchanges may be SAFE. The query ends DONE or REFUSED (that ends the operation),
 * NOT_YET (it did *not* happen: the exchange is sent again), or UNKNOWN (a person
 * decides; the order is held). A flow without a query says so by ending UNKNOWN. */
#ifndef ESIM_FLOW_H
#define ESIM_FLOW_H

#include "esim/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t esim_event;
enum {
    ESIM_START = 1,   /* Begin. `state` is empty. */
    ESIM_REPLY = 2,   /* The HTTP exchange was answered: `reply`. Any status. */
    ESIM_TIMER = 3,   /* The time asked for with ESIM_WAIT has come. */
    ESIM_MESSAGE = 4, /* A session or a callback delivered something: `message`. */
    ESIM_SILENCE = 5, /* ESIM_AWAIT ended by its deadline without a message. */
    ESIM_QUERY = 6,   /* An ONCE exchange was lost; find out whether it happened. */
    ESIM_AGAIN = 7    /* The exchange marked ESIM_REWRITE must be sent again: answer the
                         same exchange, written afresh. */
};

typedef int32_t esim_action;
enum {
    ESIM_ASK = 1,   /* One HTTP exchange: `ask`. */
    ESIM_SEND = 2,  /* Hand a payload to a kept session: `send`. */
    ESIM_WAIT = 3,  /* Call me again at `until_ms`. */
    ESIM_AWAIT = 4, /* Call me when a message for `key` comes, or at `until_ms`. */
    ESIM_END = 5    /* Over: `outcome`, and `result` or `problem`. */
};

/* Flags of an exchange. ESIM_REWRITE: these bytes are good for one sending only (a
 * WS-Security nonce and its time stamp, a signed body). The host does not store them;
 * wherever it would send them again it calls the flow with ESIM_AGAIN instead. */
enum { ESIM_REWRITE = 1 };

struct esim_header {
    struct esim_bytes name; /* Compared without case. */
    struct esim_bytes value;
};

/* An HTTP exchange. The host adds scheme, host, port, credentials, Host, Content-Length,
 * traceparent. `endpoint` is a name from the manifest; the path must lie below what the
 * manifest allows. Redirects are not followed: a 3xx is a reply. */
struct esim_ask {
    uint32_t size;
    esim_repeat repeat;     /* What may be repeated. */
    struct esim_bytes name; /* Of this exchange, for traces and metrics. */
    struct esim_bytes endpoint;
    struct esim_bytes method; /* "GET", "POST", "PUT", "PATCH", "DELETE". */
    struct esim_bytes path;   /* Begins with "/"; may carry a query. */
    const struct esim_header *headers;
    uint64_t header_count;
    struct esim_bytes body;
    uint32_t timeout_ms; /* 0 = the manifest's. */
    uint32_t flags;      /* ESIM_REWRITE */
    uint64_t reserved[2];
};

/* An HTTP reply of up to the manifest's reply_bytes (at most 8 MiB). */
struct esim_reply {
    uint32_t size;
    int32_t status;
    const struct esim_header *headers;
    uint64_t header_count;
    struct esim_bytes body; /* As sent; never inflated. */
};

/* A payload for a kept session (esim/session.h). The session's own code makes frames of
 * it. `key` is how answers find this operation again; it is unique per session while the
 * operation waits. The answer comes as ESIM_MESSAGE, or ESIM_SILENCE at the deadline. */
struct esim_send {
    uint32_t size;
    esim_repeat repeat;
    struct esim_bytes name;
    struct esim_bytes session; /* A name from the manifest. */
    struct esim_bytes key;
    struct esim_bytes payload; /* Between the flow and its own session machine. */
    uint32_t timeout_ms;       /* 0 = the manifest's. */
    uint32_t flags;            /* ESIM_REWRITE */
    uint64_t reserved[2];
};

struct esim_message {
    uint32_t size;
    struct esim_bytes key;
    struct esim_bytes payload;
};

/* What one step is told. */
struct esim_step {
    uint32_t size;
    esim_event event;
    int64_t now_ms;         /* Wall time, milliseconds since 1970 UTC. */
    uint8_t random[32];     /* Fresh for each step, stored with it. */
    uint32_t state_version; /* Of `state`. */
    uint32_t attempt;       /* 1 for the first try of this operation; what goes on
                               after a wait is the same try. No try has the number of
                               another, so it tells late answers apart. */
    struct esim_bytes
        operation; /* The operation's id: a UUID, the same in every step. */
    struct esim_bytes capability; /* "profile.order" */
    struct esim_bytes state;      /* What the last step returned. */
    struct esim_bytes input;      /* JSON; members per capability in capability.h. */
    struct esim_bytes settings;   /* JSON object; this tenant's view of the settings. */
    struct esim_bytes secrets; /* JSON object: secrets the manifest gives to frames. */
    const struct esim_reply *reply;     /* ESIM_REPLY, else NULL. */
    const struct esim_message *message; /* ESIM_MESSAGE, else NULL. */
};

/* What one step answers. The cell zeroes it and sets `size` before the call. */
struct esim_answer {
    uint32_t size;
    esim_action action;
    uint32_t state_version;  /* 0 = the descriptor's state_newest. */
    esim_outcome outcome;    /* ESIM_END only. */
    struct esim_bytes state; /* At most 64 KiB. Sealed at rest: secrets may be in it. */
    struct esim_ask ask;     /* ESIM_ASK only. */
    struct esim_send send;   /* ESIM_SEND only. */
    struct esim_bytes key;   /* ESIM_AWAIT only. */
    int64_t until_ms;        /* ESIM_WAIT, ESIM_AWAIT. */
    struct esim_bytes result;    /* ESIM_END + DONE: JSON; members per capability. */
    struct esim_problem problem; /* ESIM_END + anything else. */
};

/* Fills `answer`. Every path must set an action. [cell, locked; one call at a time] */
typedef void (*esim_step_fn)(const struct esim_step *step, struct esim_answer *answer);

struct esim_flow {
    uint32_t size;
    const char *capability;
    esim_step_fn step;
};

/* ESIM_ABILITY_FLOWS. One flow a capability; capabilities not listed in the descriptor
 * are an error, and so are listed ones without a flow. */
struct esim_flows {
    uint32_t size;
    uint32_t count;
    const struct esim_flow *flows;
};

#ifdef __cplusplus
}
#endif
#endif
