/* cell_inner.h - the inside of struct cell, for the three files that are the cell.
 *
 * cell.c         its life, calls in and out, what is sent ahead
 * cell_frames.c  what the process says
 * cell_death.c   deadlines, deaths, health */
#ifndef CELL_CELL_INNER_H
#define CELL_CELL_INNER_H

#include "cell/cell.h"
#include "cell/deaths.h"
#include "cell/process.h"
#include "cell/queue.h"

enum {
    CELL_REAP_MS = 2000, /* A process that SIGKILL has not ended by then is left. */
    CELL_NAME_SIZE = 32,
    CELL_REASON_SIZE = 160
};

/* A call that was not even queued; its `done` is called in the next turn. */
struct refusal {
    struct refusal *next;
    cell_done done; /* NULL: forgotten. */
    void *arg;
    uint64_t number;
    const char *why;
};

struct cell {
    struct loop *loop;
    struct cell_program program;
    struct cell_limits limits;
    struct cell_watch watch;

    struct process *process; /* NULL while none runs. */
    struct process *dying; /* The last one killed; freed before the next is started. */
    bool ready, healthy, flushing, ticking;
    int64_t spawned_at_us, spawn_us;
    char denied[CELL_NAME_SIZE]; /* The call refused last. */
    char reason[CELL_REASON_SIZE];

    struct queue queue;
    struct refusal *refusals, **last_refusal;
    uint64_t last_call, calls;
    int64_t head_since_us; /* Since when the head is being answered. */
    uint64_t seen_head;    /* The head at the last tick, and the CPU time then. */
    int64_t seen_cpu_us;
    unsigned chatter; /* Frames of the present call that are no answer. */
    struct deaths deaths;

    struct loop_timer *respawn, *tick, *stay;
    struct event *flush;
    unsigned depth; /* Callbacks of ours being run now. */
    bool doomed;    /* Destroyed by one of them: freed in the next turn. */
};

/* Real time, also where a test sets the host's clocks: the process runs in it. */
int64_t cell_real_us(void);

/* cell.c */
void cell_send(struct cell *cell);
void cell_head_begins(struct cell *cell);
void cell_finish_call(struct call *call, enum cell_end end, struct slice reply);
void cell_end_calls(struct cell *cell, const char *why);
bool cell_start_process(struct cell *cell, struct err *err);

/* cell_frames.c */
bool cell_on_head(void *arg, const struct wire_head *head);
void cell_on_frame(void *arg, const struct wire_head *head, struct slice payload);

/* cell_death.c. The process is no more, or shall be no more: `words` say why. */
void cell_die(struct cell *cell, enum cell_end why, const char *words);
void cell_on_gone(void *arg, const char *words);
void cell_on_respawn(void *arg);
void cell_on_stay(void *arg);
void cell_on_tick(void *arg);
void cell_start_ticking(struct cell *cell);

#endif
