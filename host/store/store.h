/* store.h - transactions: plain C functions over struct db, run by the store.
 *
 * A write is submitted from any loop and run on the writer's thread, together with all
 * that is queued, in one commit, a savepoint each (group commit). Its completion comes
 * back to the submitter's loop after the commit is durable. A function that returns
 * false is rolled back alone. A failed commit or fsync ends the process: recovery reads
 * the log, nothing is retried.
 *
 * SQLite: exactly one connection of the process writes or checkpoints; readers are
 * read-only with automatic checkpoints off; synchronous=FULL; a second writing process
 * is refused at start. See docs/decisions on the store.
 *
 * Threads  store_write from any thread. A reader belongs to one thread. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"
#include "store/db.h"

struct store;
struct store_reader;

/* The exit status after a failed commit, sync or checkpoint (EX_IOERR of sysexits.h). */
enum { STORE_EXIT = 74 };

/* One write. The memory is the submitter's and must stay until `done` is called. */
struct txn {
    /* On the writer's thread, inside the transaction. May be called once only. No I/O,
     * no locks, no waiting. */
    bool (*run)(struct db *db, void *arg, struct err *err);
    /* On `reply_to`'s thread, after the commit; all answers of one commit for one loop
     * come in one job, in the order of their writes. With reply_to NULL: on the writer's
     * thread, or inside store_write when it is refused. `ok` false: nothing of it is
     * stored, err says why; ERR_UNAVAILABLE: the queue is full, the store is stopping or
     * a stranger holds the database, and `run` was not called. May free the txn. */
    void (*done)(void *arg, bool ok, const struct err *err);
    void *arg;
    struct loop *reply_to;
    /* Private from here. */
    struct txn *next;
    bool ok;
    struct err err;
    struct loop_job job;
};

struct store_limits {
    int64_t batch;
    int64_t queue;
    int64_t cache_kb;
    int64_t lock_wait_ms; /* For a host that still ends; 0: it is refused at once. */
};

/* Opens or creates `dir`/esimd.db, migrates it forward, starts the writer's thread.
 * ERR_CONFLICT: another process has it after lock_wait_ms (the sentence names it), or it
 * was made by a newer program. ERR_CORRUPT: not our database. */
struct store *store_open(const char *dir, const struct store_limits *limits,
                         struct err *err);

/* Runs what is queued, checkpoints, joins the thread. Readers are closed before; loops
 * that wait for answers still live. */
void store_close(struct store **store);

void store_write(struct store *store, struct txn *txn);

/* As store_write, and waits for it. Never on a loop that serves others; for start-up,
 * tools and tests. */
bool store_write_now(struct store *store,
                     bool (*run)(struct db *db, void *arg, struct err *err), void *arg,
                     struct err *err);

/* A read-only connection for one thread at a time. */
struct store_reader *store_reader_open(struct store *store, struct err *err);
void store_reader_close(struct store_reader **reader);

/* Runs a read on the calling thread in one snapshot, which sees every write that was
 * answered before. A long one keeps the log from being reset: page, do not dwell. */
bool store_read(struct store_reader *reader,
                bool (*run)(struct db *db, void *arg, struct err *err), void *arg,
                struct err *err);

/* Called on the writer's thread after every commit that changed something; must only
 * post. For waking the engine and watchers. At most 4. Set from one thread. */
void store_on_commit(struct store *store, void (*notify)(void *arg), void *arg);

/* Cheap health: the queue's length and the last commit's duration in microseconds. */
void store_health(const struct store *store, int64_t *ret_queued,
                  int64_t *ret_commit_us);

#endif
