/* smsc.h - the SMSC side of the sandbox, from the inside.
 *
 * smsc.c        the row in sides.c, the control routes
 * smsc_link.c   one connection: frames, binds, what it may do; answers and their faults
 * smsc_submit.c what the host sends: checks, ids, parts, states
 * smsc_out.c    what goes to the host: receipts and replies, kept until acknowledged
 * smsc_text.c   alphabets
 * carrier_app.c the application behind the short code: words in, words out
 *
 * Threads  The loop's. */
#ifndef SANDBOX_SMSC_H
#define SANDBOX_SMSC_H

#include "base/buf.h"
#include "carrier_app.h"
#include "fault.h"
#include "line.h"
#include "sandbox.h"
#include "smsc_pdu.h"

enum { LINK_WINDOW = 1024, SYSTEM_ID_SIZE = 16, MESSAGE_ID_SIZE = 16 };

struct smsc;

/* Something for the host: sent, and kept until it is acknowledged. */
struct parcel {
    struct parcel *next;
    bool is_out; /* Sent on the present connection. */
    struct buf body;
    char what[16]; /* "reply" or "receipt", for the ledger. */
};

/* One connection. */
struct link {
    struct link *next, **place; /* Among the smsc's. */
    struct smsc *smsc;
    struct line *line;
    uint32_t bound; /* CMD_BIND_*, 0: not. */
    char system_id[SYSTEM_ID_SIZE];
    uint32_t sequence;
    struct parcel *out[LINK_WINDOW]; /* By sequence. */
    size_t out_count;
};

struct delayed;
struct parts; /* Of texts that are not whole yet. */

struct smsc {
    struct sandbox *sandbox;
    struct carrier_app *app;
    struct link *links;
    struct parcel *waiting, **last_waiting; /* Not yet sent, oldest first. */
    struct delayed *delayed;                /* Not yet to be sent. */
    struct parts *parts;
    uint8_t *states; /* message_state by id, from 1. */
    size_t message_count, state_room;
    struct buf out; /* The PDU that is being written. */
};

/* ---- smsc_link.c ---- */
extern const struct line_rules smsc_rules;

/* Answers `head`'s request with what is in smsc->out, as the fault wants it. */
void link_answer(struct link *link, const struct fault *fault);
void link_refuse(struct link *link, const struct pdu_head *head, uint32_t status,
                 const struct fault *fault);
/* What a fault makes of a request that is otherwise fine: a status, or STATUS_OK. */
uint32_t link_fault_status(const struct fault *fault);
void link_note(struct link *link, const char *kind, const struct pdu_head *head,
               json_t *members);

/* ---- smsc_submit.c ---- */
bool smsc_submits_open(struct smsc *smsc);
void smsc_submits_close(struct smsc *smsc);
void smsc_on_submit(struct link *link, const struct pdu_head *head, struct slice frame);
void smsc_on_query(struct link *link, const struct pdu_head *head, struct slice frame);

/* ---- smsc_out.c ---- */
/* A text from `source` to `dest`, in parts when it is long. */
void smsc_send_text(struct smsc *smsc, const char *source, const char *dest,
                    const char *utf8, const struct pdu_message *about, const char *what,
                    int64_t after_ms);
void smsc_send_receipt(struct smsc *smsc, const struct pdu_message *about, uint64_t id,
                       unsigned state, int64_t after_ms);
/* What waits goes to who can take it. */
void smsc_pump(struct smsc *smsc);
void smsc_on_deliver_answer(struct link *link, const struct pdu_head *head);
void smsc_take_back(struct link *link); /* What it did not acknowledge. */
void smsc_drop_waiting(struct smsc *smsc);

/* ---- smsc_text.c ---- */
/* As UTF-8, into `ret`. */
void smsc_decode(uint8_t coding, struct slice octets, struct buf *ret);
/* GSM 7 bit where it will do, else UCS2; the data_coding. */
uint8_t smsc_encode(const char *utf8, struct buf *ret);

#endif
