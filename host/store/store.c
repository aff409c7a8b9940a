/* The writer's thread takes whatever is queued, as one commit. Nobody waits for a batch
 * to fill: while one commit is on its way to the disk the next batch gathers by itself,
 * so batches grow with the load and a lone write pays for one sync. */
#include "store/store.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "store/folder.h"
#include "store/schema.h"
#include "store/sqlite.h"

enum { NOTIFY_MOST = 4, REPLY_LOOPS = 32 };

struct notify {
    void (*call)(void *arg);
    void *arg;
};

struct store {
    char path[PATH_MAX];
    struct store_limits limits;
    int lock_fd;
    struct db *db; /* The writer's thread alone. */
    pthread_t thread;
    bool started;
    struct notify notify[NOTIFY_MOST];
    _Atomic size_t notify_count; /* Rises after its entry is whole. */

    pthread_mutex_t lock; /* Guards from here to stopping. */
    pthread_cond_t work;
    struct txn *first;
    struct txn **last;
    bool asleep;
    bool stopping;

    _Atomic int64_t queued;
    _Atomic int64_t commit_us;
    _Atomic int readers;
};

struct store_reader {
    struct store *store;
    struct db *db;
};

static struct metric commit_seconds = { .kind = METRIC_HISTOGRAM,
                                        .name = "esim_store_commit_seconds",
                                        .help = "From begin to durable commit." };
static struct metric transactions = { .kind = METRIC_COUNTER,
                                      .name = "esim_store_transactions_total",
                                      .help = "Transactions by how they ended.",
                                      .label = "result" };

/* After a failed commit nobody can say what the disk holds; after a failed fsync the
 * kernel may have dropped the pages and call the next one a success. So nothing runs on:
 * no destructor, no second try. */
static _Noreturn void die(const char *what, struct err *err)
{
    err_wrap(err, "%s", what);
    log_err("store.failed", err);
    _exit(STORE_EXIT);
}

/* Answers. */

static void answer_chain(void *arg)
{
    struct txn *txn = arg;
    while (txn != NULL) {
        struct txn *next = txn->next; /* `done` may free the txn. */
        txn->done(txn->arg, txn->ok, &txn->err);
        txn = next;
    }
}

static void answer(struct txn *first)
{
    if (first->reply_to == NULL) {
        answer_chain(first);
        return;
    }
    first->job = (struct loop_job){ .run = answer_chain, .arg = first };
    loop_post(first->reply_to, &first->job);
}

struct reply {
    struct txn *first;
    struct txn **last;
};

static struct reply *reply_for(struct reply *replies, size_t *count, struct loop *loop)
{
    for (size_t i = 0; i < *count; i++)
        if (replies[i].first->reply_to == loop)
            return &replies[i];
    if (*count == REPLY_LOOPS) /* More loops than room: let one go early. */
        answer(replies[--*count].first);
    struct reply *fresh = &replies[(*count)++];
    fresh->first = NULL;
    fresh->last = &fresh->first;
    return fresh;
}

/* One post for each loop, with its answers in the order of their writes. */
static void answer_batch(struct txn *batch)
{
    struct reply replies[REPLY_LOOPS];
    size_t count = 0;
    while (batch != NULL) {
        struct txn *txn = batch;
        batch = batch->next;
        struct reply *reply = reply_for(replies, &count, txn->reply_to);
        txn->next = NULL;
        *reply->last = txn;
        reply->last = &txn->next;
    }
    for (size_t i = 0; i < count; i++)
        answer(replies[i].first);
}

static void refuse(struct txn *txn, const char *why)
{
    metric_count(&transactions, "refused", NULL);
    txn->ok = err_set(&txn->err, ERR_UNAVAILABLE, "%s", why);
    txn->next = NULL;
    answer(txn);
}

/* Work. */

static void run_one(struct db *db, struct txn *txn)
{
    struct err err = ERR_INIT;
    txn->err.code = ERR_NONE;
    txn->err.text[0] = '\0';
    if (!db_mark(db, DB_SAVEPOINT, &err))
        die("opening a savepoint", &err);
    txn->ok = txn->run(db, txn->arg, &txn->err);
    if (!db->driver->in_transaction(db)) {
        /* Disk full, out of memory: the others of the batch are gone with it. */
        txn->err.code = txn->err.code == ERR_NONE ? ERR_IO : txn->err.code;
        die("a transaction took its whole batch back", &txn->err);
    }
    if (!txn->ok && txn->err.code == ERR_NONE)
        err_set(&txn->err, ERR_INTERNAL, "a transaction failed and did not say why");
    if ((!txn->ok && !db_mark(db, DB_UNDO, &err)) || !db_mark(db, DB_RELEASE, &err))
        die("closing a savepoint", &err);
}

/* False when somebody else holds the write lock: then nothing was run. */
static bool run_batch(struct store *store, struct txn *batch)
{
    struct err err = ERR_INIT;
    int64_t start_us = clock_mono_us();
    if (!db_mark(store->db, DB_BEGIN_WRITE, &err)) {
        if (err.code != ERR_UNAVAILABLE)
            die("beginning a commit", &err);
        log_err("store.busy", &err);
        return false;
    }
    for (struct txn *txn = batch; txn != NULL; txn = txn->next)
        run_one(store->db, txn);
    if (!db_mark(store->db, DB_COMMIT, &err))
        die("committing", &err);
    int64_t took_us = clock_mono_us() - start_us;
    atomic_store_explicit(&store->commit_us, took_us, memory_order_relaxed);
    metric_observe_us(metric_series(&commit_seconds, NULL, NULL), took_us);
    return true;
}

static void tell_listeners(struct store *store)
{
    size_t count = atomic_load(&store->notify_count);
    for (size_t i = 0; i < count; i++)
        store->notify[i].call(store->notify[i].arg);
}

static void count_results(const struct txn *batch)
{
    int64_t kept = 0, undone = 0;
    for (; batch != NULL; batch = batch->next)
        *(batch->ok ? &kept : &undone) += 1;
    metric_add(metric_series(&transactions, "committed", NULL), kept);
    metric_add(metric_series(&transactions, "undone", NULL), undone);
}

static void refuse_batch(struct txn *batch)
{
    while (batch != NULL) {
        struct txn *next = batch->next;
        refuse(batch, "another process holds the database, or memory is short");
        batch = next;
    }
}

static void work_batch(struct store *store, struct txn *batch)
{
    struct err err = ERR_INIT;
    int64_t changed_before = store->db->driver->total_changed(store->db);
    if (!run_batch(store, batch)) {
        refuse_batch(batch);
        return;
    }
    /* Asked before the answers: they may bring the next writes at once. */
    bool idle = atomic_load_explicit(&store->queued, memory_order_relaxed) == 0;
    count_results(batch);
    answer_batch(batch);
    if (store->db->driver->total_changed(store->db) != changed_before)
        tell_listeners(store);
    if (!store->db->driver->maintain(store->db, idle, &err))
        die("copying the log into the database", &err);
}

/* Up to a batch from the queue, or NULL when the store stops and nothing is left. */
static struct txn *take_batch(struct store *store)
{
    pthread_mutex_lock(&store->lock);
    while (store->first == NULL && !store->stopping) {
        store->asleep = true;
        pthread_cond_wait(&store->work, &store->lock);
    }
    store->asleep = false;
    struct txn *batch = store->first;
    struct txn **end = &store->first;
    int64_t taken = 0;
    for (; *end != NULL && taken < store->limits.batch; taken++)
        end = &(*end)->next;
    store->first = *end;
    *end = NULL;
    if (store->first == NULL)
        store->last = &store->first;
    atomic_fetch_sub_explicit(&store->queued, taken, memory_order_relaxed);
    pthread_mutex_unlock(&store->lock);
    return batch;
}

static void *writer_main(void *arg)
{
    struct store *store = arg;
    struct txn *batch;
    while ((batch = take_batch(store)) != NULL)
        work_batch(store, batch);
    return NULL;
}

/* Signals belong to the main thread's loop. */
static bool start_thread(struct store *store, struct err *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&store->thread, NULL, writer_main, store);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0)
        return err_set(err, ERR_UNAVAILABLE, "no thread for the store");
    pthread_setname_np(store->thread, "store");
    store->started = true;
    return true;
}

static bool start(struct store *store, const char *dir, struct err *err)
{
    int length = snprintf(store->path, sizeof store->path, "%s/esimd.db", dir);
    if (length < 0 || (size_t)length >= sizeof store->path)
        return err_set(err, ERR_LIMIT, "the path of the data folder is too long");
    if (!folder_claim(dir, store->limits.lock_wait_ms, &store->lock_fd, err))
        return false;
    store->db = sqlite_open(store->path, SQLITE_WRITER, store->limits.cache_kb, err);
    return store->db != NULL && schema_migrate(store->db, err) &&
           folder_sync(dir, err) && start_thread(store, err);
}

struct store *store_open(const char *dir, const struct store_limits *limits,
                         struct err *err)
{
    assert(limits->batch > 0 && limits->queue > 0 && limits->cache_kb > 0);
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for the store");
        return NULL;
    }
    store->limits = *limits;
    store->lock_fd = -1;
    store->last = &store->first;
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->work, NULL);
    if (!start(store, dir, err)) {
        err_wrap(err, "opening the store in %s", dir);
        store_close(&store);
    }
    return store;
}

void store_close(struct store **store)
{
    struct store *gone = *store;
    if (gone == NULL)
        return;
    assert(atomic_load(&gone->readers) == 0);
    pthread_mutex_lock(&gone->lock);
    gone->stopping = true;
    pthread_cond_signal(&gone->work);
    pthread_mutex_unlock(&gone->lock);
    if (gone->started)
        pthread_join(gone->thread, NULL);
    db_close(&gone->db); /* The last connection's close copies the log. */
    if (gone->lock_fd >= 0)
        close(gone->lock_fd);
    pthread_cond_destroy(&gone->work);
    pthread_mutex_destroy(&gone->lock);
    free(gone);
    *store = NULL;
}

void store_write(struct store *store, struct txn *txn)
{
    assert(txn->run != NULL && txn->done != NULL);
    const char *why = NULL;
    txn->next = NULL;
    pthread_mutex_lock(&store->lock);
    if (store->stopping) {
        why = "the store is stopping";
    } else if (atomic_load(&store->queued) >= store->limits.queue) {
        why = "the store's queue is full";
    } else {
        *store->last = txn;
        store->last = &txn->next;
        atomic_fetch_add_explicit(&store->queued, 1, memory_order_relaxed);
        if (store->asleep)
            pthread_cond_signal(&store->work);
    }
    pthread_mutex_unlock(&store->lock);
    if (why != NULL)
        refuse(txn, why);
}

struct wait {
    pthread_mutex_t lock;
    pthread_cond_t ready;
    bool over;
    bool ok;
    struct err *err;
    bool (*run)(struct db *db, void *arg, struct err *err);
    void *arg;
};

static bool run_waited(struct db *db, void *arg, struct err *err)
{
    struct wait *wait = arg;
    return wait->run(db, wait->arg, err);
}

static void end_wait(void *arg, bool ok, const struct err *err)
{
    struct wait *wait = arg;
    pthread_mutex_lock(&wait->lock);
    wait->ok = ok;
    wait->over = true;
    if (!ok && wait->err != NULL)
        *wait->err = *err;
    pthread_cond_signal(&wait->ready);
    pthread_mutex_unlock(&wait->lock);
}

bool store_write_now(struct store *store,
                     bool (*run)(struct db *db, void *arg, struct err *err), void *arg,
                     struct err *err)
{
    struct wait wait = { .lock = PTHREAD_MUTEX_INITIALIZER,
                         .ready = PTHREAD_COND_INITIALIZER,
                         .err = err,
                         .run = run,
                         .arg = arg };
    struct txn txn = { .run = run_waited, .done = end_wait, .arg = &wait };
    store_write(store, &txn);
    pthread_mutex_lock(&wait.lock);
    while (!wait.over)
        pthread_cond_wait(&wait.ready, &wait.lock);
    pthread_mutex_unlock(&wait.lock);
    pthread_cond_destroy(&wait.ready);
    pthread_mutex_destroy(&wait.lock);
    return wait.ok;
}

/* Reads. */

struct store_reader *store_reader_open(struct store *store, struct err *err)
{
    struct store_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for a reader");
        return NULL;
    }
    reader->db = sqlite_open(store->path, SQLITE_READER, store->limits.cache_kb, err);
    if (reader->db == NULL) {
        free(reader);
        return NULL;
    }
    reader->store = store;
    atomic_fetch_add(&store->readers, 1);
    return reader;
}

void store_reader_close(struct store_reader **reader)
{
    if (*reader == NULL)
        return;
    db_close(&(*reader)->db);
    atomic_fetch_sub(&(*reader)->store->readers, 1);
    free(*reader);
    *reader = NULL;
}

bool store_read(struct store_reader *reader,
                bool (*run)(struct db *db, void *arg, struct err *err), void *arg,
                struct err *err)
{
    if (!db_mark(reader->db, DB_BEGIN_READ, err))
        return false;
    bool ok = run(reader->db, arg, err);
    if (!db_mark(reader->db, DB_COMMIT, ok ? err : NULL)) {
        db_mark(reader->db, DB_ROLLBACK, NULL);
        ok = false;
    }
    return ok;
}

void store_on_commit(struct store *store, void (*notify)(void *arg), void *arg)
{
    size_t count = atomic_load(&store->notify_count);
    assert(count < NOTIFY_MOST);
    store->notify[count] = (struct notify){ notify, arg };
    atomic_store(&store->notify_count, count + 1);
}

void store_health(const struct store *store, int64_t *ret_queued,
                  int64_t *ret_commit_us)
{
    *ret_queued = atomic_load_explicit(&store->queued, memory_order_relaxed);
    *ret_commit_us = atomic_load_explicit(&store->commit_us, memory_order_relaxed);
}
