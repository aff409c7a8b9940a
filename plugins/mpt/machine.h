/* machine.h - the SMPP session as a pure machine: what the files that are it share.
 *
 * machine.c           one step: which event, which PDU, and the timer at its end
 * machine_state.c     the state as bytes, and back
 * machine_acts.c      the acts of one step
 * machine_bind.c      bind_transceiver, enquire_link, unbind, generic_nack, time
 * machine_pace.c      window and rate: how fast, and slower when the carrier says so
 * machine_submit.c    submits, their parts and the responses
 * machine_deliver.c   what the carrier sends: receipts and replies
 * machine_join.c      which operation a receipt or a reply belongs to
 * machine_assembly.c  long messages of the carrier, put together again */
#ifndef MPT_MACHINE_H
#define MPT_MACHINE_H

#include "esim/session.h"
#include "message.h"
#include "settings.h"

#define MPT_SESSION "smsc"

enum {
    KEY_SIZE = 32,
    JOBS_MOST = 2 * MPT_WINDOW_MOST, /* Those waiting for a late response too. */
    TRACKS_MOST = 512,
    EARLY_MOST = 32,
    ASSEMBLIES_MOST = 16,
    ASSEMBLY_PARTS_MOST = 16,
    WRITES_MOST = 64,          /* Messages in one step. */
    HELD_BYTES_MOST = 96 << 10 /* Bodies not yet answered. */
};

enum phase {
    PHASE_NEW,      /* Nothing was sent. */
    PHASE_BINDING,  /* bind_transceiver is out. */
    PHASE_BOUND,    /* BOUND_TRX. */
    PHASE_DRAINING, /* BOUND_TRX, and only what is out is waited for. */
    PHASE_UNBINDING /* unbind is out. */
};

enum part_state {
    PART_WAITING,  /* To be sent at `at_ms` or later. */
    PART_SENT,     /* At `at_ms`. */
    PART_ANSWERED, /* `status`, `id`. */
    PART_SKIPPED   /* Another part of the same text was refused or lost. */
};

struct part {
    enum part_state state;
    uint32_t sequence;
    int64_t at_ms;
    uint32_t status;
    char id[SMPP_ID_NAME]; /* As the carrier wrote it. */
    struct esim_bytes body;
};

/* One submit of the host. */
struct job {
    char key[KEY_SIZE];
    uint32_t command, attempt;
    uint16_t reference;
    bool expects_reply, expects_receipt;
    bool is_lost;    /* The host was told so; a response may still come. */
    bool is_replied; /* The reply was faster than the response. */
    bool is_over;
    struct part parts[SMPP_PARTS_MOST];
    size_t count;
};

/* A part that was sent: whose receipt, or whose reply, may come. */
struct track {
    uint64_t id; /* Hash of the id's name; 0: no response yet. */
    uint16_t reference;
    bool expects_reply, is_replied;
    char key[KEY_SIZE];
};

/* A receipt that came before the response to its message. */
struct early {
    uint64_t id;
    enum smpp_state state;
    char error[SMPP_RECEIPT_WORD];
};

struct assembly_part {
    struct esim_bytes text;
    bool is_there;
};
struct assembly {
    int64_t until_ms;
    struct esim_bytes source, dest;
    uint32_t reference;
    uint8_t total, data_coding;
    struct assembly_part parts[ASSEMBLY_PARTS_MOST];
};

struct machine {
    /* This step's. */
    const struct esim_session_step *step;
    struct esim_session_answer *answer;
    const json_t *settings_json, *secrets;
    struct mpt_settings settings;
    struct esim_act *acts;
    size_t act_count, act_room;
    bool is_short; /* Of memory: the step's acts cannot be trusted. */

    /* Kept. */
    enum phase phase;
    uint32_t sequence; /* The last one given. */
    uint32_t word;     /* Of the bind, enquire_link or unbind that is out; 0: none. */
    int64_t word_ms;   /* When it was sent. */
    int64_t heard_ms;  /* When the carrier last sent anything. */
    int64_t drain_ms;  /* When draining ends. */
    int64_t timer_ms;  /* What the host was asked for; 0: nothing. */
    int64_t told_window;

    int64_t window_milli; /* 1000 is one message. */
    int64_t rate_milli;   /* Share of rate_per_s; 1000 is all of it. */
    int64_t due_us;       /* When the rate allows the next. */
    int64_t pause_ms;     /* Length of the last pause; 0: none lately. */
    int64_t pause_until_ms;

    struct job *jobs;
    size_t job_count;
    struct track *tracks; /* Oldest first. */
    size_t track_count;
    struct early *early;
    size_t early_count;
    struct assembly *assemblies;
    size_t assembly_count;
};

/* ---- machine.c ---- */
void machine_step(const struct esim_session_step *step,
                  struct esim_session_answer *answer);

/* ---- machine_state.c ---- */
/* False: it is of another version, or damaged. */
bool machine_load(struct machine *machine);
void machine_save(struct machine *machine);

/* ---- machine_acts.c ---- */
void *machine_alloc(struct machine *machine, size_t size);
struct esim_bytes machine_copy(struct machine *machine, struct esim_bytes bytes);
void machine_act(struct machine *machine, esim_act_kind kind, int64_t number,
                 struct esim_bytes key, struct esim_bytes bytes);
void machine_pdu(struct machine *machine, const struct smpp_pdu *pdu);
void machine_answer(struct machine *machine, const struct smpp_pdu *request,
                    uint32_t status);
void machine_nack(struct machine *machine, uint32_t sequence, uint32_t status);
void machine_deliver(struct machine *machine, struct esim_bytes key,
                     struct esim_bytes message, int64_t keep_ms);
void machine_close(struct machine *machine, int64_t retry_ms, const char *why);
void machine_log(struct machine *machine, esim_level level, struct esim_bytes text);
uint32_t machine_sequence(struct machine *machine);
bool machine_is_bound(const struct machine *machine);

/* ---- machine_bind.c ---- */
void machine_opened(struct machine *machine);
void machine_drain(struct machine *machine);
void machine_on_bind(struct machine *machine, const struct smpp_pdu *pdu);
void machine_on_link(struct machine *machine, const struct smpp_pdu *pdu);
void machine_on_link_answer(struct machine *machine, const struct smpp_pdu *pdu);
void machine_on_unbind(struct machine *machine, const struct smpp_pdu *pdu);
void machine_on_unbind_answer(struct machine *machine, const struct smpp_pdu *pdu);
void machine_on_nack(struct machine *machine, const struct smpp_pdu *pdu);
/* Deadlines that have passed; then when the next one is. */
void machine_on_time(struct machine *machine);
int64_t machine_next_word_ms(const struct machine *machine);

/* ---- machine_pace.c ---- */
void pace_start(struct machine *machine);
int64_t pace_window(const struct machine *machine);
/* When the next message may go: now or earlier means at once. */
int64_t pace_next_ms(const struct machine *machine);
void pace_note_sent(struct machine *machine);
void pace_note_accepted(struct machine *machine);
void pace_note_throttled(struct machine *machine);
/* How long a throttled message shall stay away. */
int64_t pace_back_ms(const struct machine *machine);
/* Tells the host how many submits may be out, when that changed. */
void pace_tell(struct machine *machine);

/* ---- machine_submit.c ---- */
void machine_submit(struct machine *machine);
void machine_pump(struct machine *machine);
void machine_on_response(struct machine *machine, const struct smpp_pdu *pdu);
bool machine_on_refused(struct machine *machine, uint32_t sequence, uint32_t status);
void machine_on_late(struct machine *machine);
size_t machine_outstanding(const struct machine *machine);
int64_t machine_next_part_ms(const struct machine *machine);

/* ---- machine_deliver.c ---- */
void machine_on_deliver(struct machine *machine, const struct smpp_pdu *pdu);

/* ---- machine_join.c ---- */
uint64_t join_hash(const char *id);
void join_sent(struct machine *machine, const struct job *job);
/* The response told the id: an early receipt of it is delivered now. */
void join_answered(struct machine *machine, const struct job *job,
                   const struct part *part);
/* NULL when nobody is known. Entries that are done with a final receipt go. */
const struct track *join_receipt(struct machine *machine, const char *id,
                                 const struct smpp_receipt *receipt);
void join_receipt_is_final(struct machine *machine, const struct track *track);
/* What says less than the reply is not told behind it. */
void join_replied(struct machine *machine, struct esim_bytes key);
/* Whether a receipt is for the operation's key. One that says that a command arrived is
 * not: the reply will say more, and the key has room for few messages. */
bool join_tells(bool expects_reply, bool is_replied, enum smpp_state state);
void join_remember_early(struct machine *machine, const char *id,
                         const struct smpp_receipt *receipt);
/* The key that a reply belongs to; {NULL,0} when it names nobody. */
struct esim_bytes join_reply(struct machine *machine, const struct smpp_pdu *pdu,
                             struct esim_bytes text);

/* ---- machine_assembly.c ---- */
/* The whole message's octets without headers, when this is all of it or its last part;
 * false: parts are still missing. */
bool assembly_add(struct machine *machine, const struct smpp_pdu *pdu,
                  struct esim_bytes *ret);
void assembly_forget_late(struct machine *machine);

#endif
