/* mytel.h - the Mytel side of the sandbox, from the inside: plugins/mytel/PROTOCOL.md as
 * its server.
 *
 * mytel.c             the row in sides.c, the control routes
 * mytel_link.c        one connection: frames, heartbeat, closing; answers and faults
 * mytel_login.c       HELLO and LOGIN
 * mytel_request.c     requests: what is wrong with them, what asking again leads to
 * mytel_records.c     the requests that change something, by id
 * mytel_operations.c  profiles, lines, usage
 * mytel_outside.c     what devices and the carrier itself do with them
 * mytel_events.c      what is told without being asked, until it is acknowledged
 * mytel_wire.c        frames and values; mytel_values.c reads them
 *
 * Threads  The loop's. */
#ifndef SANDBOX_MYTEL_H
#define SANDBOX_MYTEL_H

#include "base/buf.h"
#include "fault.h"
#include "line.h"
#include "mytel_tags.h"
#include "mytel_wire.h"
#include "phones.h"
#include "sandbox.h"
#include "smdp_stock.h"

enum {
    MYTEL_ID_SIZE = 16,
    MYTEL_NONCE_SIZE = 32,
    MYTEL_CLIENT_SIZE = 65,
    MYTEL_HEX_SIZE = 2 * MYTEL_ID_SIZE + 1,
    MYTEL_NOISE_SIZE = 40
};

struct mytel;
struct mytel_events;
struct mytel_records;

enum link_phase { PHASE_HELLO, PHASE_LOGIN, PHASE_OPEN, PHASE_OVER };

/* One connection. */
struct mytel_link {
    struct mytel_link *next, **place; /* Among the side's. */
    struct mytel *mytel;
    struct line *line;
    enum link_phase phase;
    uint32_t sent, came; /* Last sequence of each direction. */
    int64_t sent_us, came_us;
    struct loop_timer *timer; /* Login, heartbeat, silence. */
    unsigned unanswered;
    char client[MYTEL_CLIENT_SIZE];
    uint8_t least, most; /* Versions of HELLO. */
    uint8_t client_nonce[MYTEL_NONCE_SIZE], nonce[MYTEL_NONCE_SIZE];
};

struct mytel {
    struct sandbox *sandbox;
    struct smdp_stock *stock;
    struct phones *phones;
    struct mytel_records *records;
    struct mytel_events *events;
    struct mytel_link *links;
    uint16_t window;
    struct buf out;    /* The frame that is being written. */
    struct buf answer; /* The values of an answer. */
};

/* ---- mytel_link.c ---- */
extern const struct line_rules mytel_rules;

/* Sends the frame in mytel->out, as the fault wants it and so much later. */
void mytel_send(struct mytel_link *link, const struct fault *fault, int64_t after_ms);
void mytel_say(struct mytel_link *link); /* Now, and without a fault. */

/* CLOSE, and nothing after it. `retry_ms` 0: not told. */
void mytel_close(struct mytel_link *link, enum reason reason, int64_t retry_ms);

/* WELCOME was sent. */
void mytel_open(struct mytel_link *link);

void mytel_note(struct mytel_link *link, const char *kind,
                json_t *members); /* Given. */

/* ---- mytel_login.c ---- */
void mytel_on_hello(struct mytel_link *link, const struct frame *frame);
void mytel_on_login(struct mytel_link *link, const struct frame *frame);

/* ---- mytel_request.c ---- */
void mytel_on_request(struct mytel_link *link, const struct frame *frame);

/* ---- mytel_operations.c ---- */

/* Carries it out; the values of RESULTS into `results`. `by` is for the ledger. */
enum code mytel_execute(struct mytel *mytel, const struct mytel_operation *operation,
                        struct slice params, const char *by, struct buf *results);

/* False: not from this state. `by` as above. */
bool mytel_move(struct mytel *mytel, struct smdp_profile *profile,
                enum smdp_event event, const char *by);
void mytel_turn(struct mytel *mytel, struct phone *phone, enum phone_state to,
                const char *by);

/* States as the protocol has them: numbered as ours, from 1. */
unsigned mytel_state_number(enum smdp_state state);
unsigned mytel_line_number(enum phone_state state);
const char *mytel_line_name(enum phone_state state);

/* ---- mytel_outside.c ---- */

/* A device installs a profile; a line is turned at the carrier. An HTTP status. */
int mytel_install(struct mytel *mytel, struct slice eid, const json_t *how);
int mytel_turn_line(struct mytel *mytel, struct slice msisdn, const json_t *how);

/* ---- mytel_records.c ---- */

struct mytel_record {
    uint8_t id[MYTEL_ID_SIZE];
    uint16_t operation;
    bool is_finished;
    char params[DIGEST_SIZE]; /* SHA-256. */
    char *answer;             /* Values: CODE, TEXT?, RESULTS?. */
    size_t answer_size;
    struct mytel *mytel;
    struct loop_timer *end; /* NULL unless it takes long. */
};

struct mytel_records *mytel_records_create(void); /* NULL when memory is short. */
void mytel_records_destroy(struct mytel_records **records);
/* `id` has MYTEL_ID_SIZE bytes. NULL: there is none, or memory is short. */
struct mytel_record *mytel_record_find(const struct mytel_records *records,
                                       const void *id);
struct mytel_record *mytel_record_add(struct mytel_records *records, const void *id);
void mytel_record_remove(struct mytel_records *records, struct mytel_record *record);
bool mytel_record_keep(struct mytel_record *record, struct slice answer);

/* ---- mytel_events.c ---- */

struct mytel_events *mytel_events_create(struct mytel *mytel);
void mytel_events_destroy(struct mytel_events **events);
/* `details`: values. */
void mytel_tell(struct mytel *mytel, enum event_kind kind, struct slice details);
/* What waits goes to a session that can take it. */
void mytel_pump(struct mytel *mytel);
/* False: `frame` acknowledges nothing that was sent on this link. */
bool mytel_on_event_ack(struct mytel_link *link, const struct frame *frame);
void mytel_take_back(struct mytel_link *link); /* What it did not acknowledge. */
size_t mytel_events_waiting(const struct mytel_events *events);

#endif
