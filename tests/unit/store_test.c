#include "check.h"
#include "scratch.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loop/loop.h"
#include "store/store.h"

static const struct store_limits limits = { .batch = 64,
                                            .queue = 256,
                                            .cache_kb = 512 };

/* A data folder for one test. */
static struct scratch scratch;

static void make_dir(void)
{
    CHECK_FATAL(scratch_make(&scratch));
}

static void remove_dir(void)
{
    CHECK(scratch_remove(&scratch));
}

static struct store *open_store(void)
{
    struct err err = ERR_INIT;
    struct store *store = store_open(scratch.dir, &limits, &err);
    if (store == NULL)
        fprintf(stderr, "%s\n", err.text);
    CHECK_FATAL(store != NULL);
    return store;
}

/* Rows of `inbox` stand for any write: fact_id is a number in text. */
struct fact {
    struct txn txn;
    char id[32];
    bool fail;
    bool answered;
    bool ok;
    enum err_code code;
    char text[256];
    struct loop *loop;
    bool was_here;
    int order; /* When it was answered, among all. */
    int *answers;
};

static bool write_fact(struct db *db, void *arg, struct err *err)
{
    const struct fact *fact = arg;
    if (!db_run(db,
                "INSERT INTO inbox (tenant, adapter, fact_id, at_ms) "
                "VALUES ('t', 'a', $1, 0)",
                DB_ARGS(db_text(fact->id)), NULL, err))
        return false;
    return !fact->fail || err_set(err, ERR_STALE, "the test wants it so");
}

static void note_answer(void *arg, bool ok, const struct err *err)
{
    struct fact *fact = arg;
    fact->answered = true;
    fact->ok = ok;
    fact->code = err->code;
    CHECK(snprintf(fact->text, sizeof fact->text, "%s", err->text) >= 0);
    fact->order = ++*fact->answers;
    fact->was_here = fact->loop != NULL && loop_is_here(fact->loop);
    if (fact->loop != NULL)
        loop_stop(fact->loop);
}

static void init_fact(struct fact *fact, int number, int *answers)
{
    *fact = (struct fact){ .answers = answers };
    fact->txn = (struct txn){ .run = write_fact, .done = note_answer, .arg = fact };
    CHECK(snprintf(fact->id, sizeof fact->id, "%d", number) > 0);
}

static bool take_int(const struct db_row *row, void *arg, struct err *err)
{
    (void)err;
    *(int64_t *)arg = row_int(row, 0);
    return true;
}

static bool count_facts(struct db *db, void *arg, struct err *err)
{
    return db_one(db, "SELECT count(*) FROM inbox", DB_NO_ARGS, take_int, arg, err);
}

static int64_t facts_in(struct store *store)
{
    struct err err = ERR_INIT;
    int64_t count = -1;
    struct store_reader *reader = store_reader_open(store, &err);
    CHECK_FATAL(reader != NULL);
    CHECK(store_read(reader, count_facts, &count, &err));
    store_reader_close(&reader);
    return count;
}

/* Holds the writer's thread inside a transaction, so that a test can fill the queue. */
struct gate {
    struct txn txn;
    sem_t entered, leave;
};

static bool wait_at_gate(struct db *db, void *arg, struct err *err)
{
    (void)db;
    (void)err;
    struct gate *gate = arg;
    sem_post(&gate->entered);
    sem_wait(&gate->leave);
    return true;
}

static void gate_done(void *arg, bool ok, const struct err *err)
{
    (void)arg;
    (void)err;
    CHECK(ok);
}

static void close_gate(struct store *store, struct gate *gate)
{
    *gate = (struct gate){ .txn = { .run = wait_at_gate, .done = gate_done } };
    gate->txn.arg = gate;
    sem_init(&gate->entered, 0, 0);
    sem_init(&gate->leave, 0, 0);
    store_write(store, &gate->txn);
    sem_wait(&gate->entered);
}

/* Group commit must not make strangers share a failure. */
static void a_transaction_that_fails_is_undone_alone(void)
{
    enum { COUNT = 9, BAD = 4, TWICE = 6 };
    make_dir();
    struct store *store = open_store();
    struct gate gate;
    struct fact facts[COUNT];
    int answers = 0;
    close_gate(store, &gate);
    for (int i = 0; i < COUNT; i++) {
        init_fact(&facts[i], i == TWICE ? 0 : i, &answers);
        facts[i].fail = i == BAD;
        store_write(store, &facts[i].txn);
    }
    sem_post(&gate.leave);
    store_close(&store);
    for (int i = 0; i < COUNT; i++) {
        CHECK(facts[i].answered && facts[i].order == i + 1);
        CHECK(facts[i].ok == (i != BAD && i != TWICE));
    }
    CHECK_INT(facts[BAD].code, ERR_STALE);
    CHECK_INT(facts[TWICE].code, ERR_CONFLICT);
    store = open_store();
    CHECK_INT(facts_in(store), COUNT - 2);
    store_close(&store);
    remove_dir();
}

static bool fail_silently(struct db *db, void *arg, struct err *err)
{
    (void)db;
    (void)arg;
    (void)err;
    return false;
}

static void a_failure_without_words_is_named_a_bug_of_ours(void)
{
    make_dir();
    struct store *store = open_store();
    struct err err = ERR_INIT;
    CHECK(!store_write_now(store, fail_silently, NULL, &err));
    CHECK_INT(err.code, ERR_INTERNAL);
    store_close(&store);
    remove_dir();
}

struct submitter {
    struct store *store;
    struct loop *loop;
    struct fact fact;
    pthread_t thread;
};

static void *submit_and_run(void *arg)
{
    struct submitter *submitter = arg;
    store_write(submitter->store, &submitter->fact.txn);
    loop_run(submitter->loop);
    return NULL;
}

/* A completion touches its connection: on another thread that is a data race. */
static void an_answer_comes_on_the_loop_that_asked(void)
{
    enum { LOOPS = 3 };
    make_dir();
    struct store *store = open_store();
    struct submitter submitters[LOOPS];
    struct err err = ERR_INIT;
    int answers[LOOPS] = { 0 };
    for (int i = 0; i < LOOPS; i++) {
        struct submitter *one = &submitters[i];
        one->store = store;
        one->loop = loop_create(&err);
        CHECK_FATAL(one->loop != NULL);
        init_fact(&one->fact, i, &answers[i]);
        one->fact.txn.reply_to = one->fact.loop = one->loop;
        CHECK_FATAL(pthread_create(&one->thread, NULL, submit_and_run, one) == 0);
    }
    for (int i = 0; i < LOOPS; i++) {
        pthread_join(submitters[i].thread, NULL);
        CHECK(submitters[i].fact.ok && submitters[i].fact.was_here);
        loop_destroy(&submitters[i].loop);
    }
    store_close(&store);
    remove_dir();
}

/* With more loops than the writer keeps apart, nobody may be forgotten. */
static void many_loops_in_one_commit_all_get_their_answers(void)
{
    enum { LOOPS = 40, EACH = 3 };
    make_dir();
    struct store *store = open_store();
    struct err err = ERR_INIT;
    struct gate gate;
    struct loop *loops[LOOPS];
    static struct fact facts[LOOPS * EACH];
    int answers[LOOPS] = { 0 };
    close_gate(store, &gate);
    for (int i = 0; i < LOOPS; i++)
        loops[i] = loop_create(&err);
    for (int i = 0; i < LOOPS * EACH; i++) {
        init_fact(&facts[i], i, &answers[i % LOOPS]);
        facts[i].txn.reply_to = loops[i % LOOPS];
        store_write(store, &facts[i].txn);
    }
    sem_post(&gate.leave);
    store_close(&store);
    for (int i = 0; i < LOOPS; i++)
        loop_destroy(&loops[i]); /* Runs what was posted. */
    for (int i = 0; i < LOOPS * EACH; i++)
        CHECK(facts[i].ok && facts[i].order == i / LOOPS + 1);
    remove_dir();
}

static void a_full_queue_refuses_and_runs_nothing(void)
{
    enum { COUNT = 260 };
    make_dir();
    struct store *store = open_store();
    struct gate gate;
    static struct fact facts[COUNT];
    int answers = 0;
    close_gate(store, &gate);
    for (int i = 0; i < COUNT; i++) {
        init_fact(&facts[i], i, &answers);
        store_write(store, &facts[i].txn);
    }
    int64_t queued = 0, commit_us = 0;
    store_health(store, &queued, &commit_us);
    CHECK_INT(queued, limits.queue);
    CHECK_INT(answers, COUNT - limits.queue);
    for (int i = (int)limits.queue; i < COUNT; i++) {
        CHECK(facts[i].answered && !facts[i].ok);
        CHECK_INT(facts[i].code, ERR_UNAVAILABLE);
        CHECK_TEXT(facts[i].text, "the store's queue is full");
    }
    sem_post(&gate.leave);
    store_close(&store);
    CHECK_INT(answers, COUNT);
    store = open_store();
    CHECK_INT(facts_in(store), limits.queue);
    store_close(&store);
    remove_dir();
}

struct look {
    struct store *store;
    int64_t before, after;
};

static bool look_twice(struct db *db, void *arg, struct err *err)
{
    struct look *look = arg;
    int answers = 0;
    struct fact fact;
    init_fact(&fact, 1, &answers);
    return count_facts(db, &look->before, err) &&
           store_write_now(look->store, write_fact, &fact, err) &&
           count_facts(db, &look->after, err);
}

static void a_read_sees_one_moment_and_the_next_read_sees_what_was_answered(void)
{
    make_dir();
    struct store *store = open_store();
    struct err err = ERR_INIT;
    struct store_reader *reader = store_reader_open(store, &err);
    CHECK_FATAL(reader != NULL);
    struct look look = { .store = store, .before = -1, .after = -1 };
    CHECK(store_read(reader, look_twice, &look, &err));
    CHECK_INT(look.before, 0);
    CHECK_INT(look.after, 0);
    int64_t count = -1;
    CHECK(store_read(reader, count_facts, &count, &err));
    CHECK_INT(count, 1);
    store_reader_close(&reader);
    store_close(&store);
    remove_dir();
}

static void a_reader_cannot_write(void)
{
    make_dir();
    struct store *store = open_store();
    struct err err = ERR_INIT;
    struct store_reader *reader = store_reader_open(store, &err);
    int answers = 0;
    struct fact fact;
    init_fact(&fact, 1, &answers);
    CHECK(!store_read(reader, write_fact, &fact, &err));
    CHECK_INT(err.code, ERR_INTERNAL);
    CHECK(strstr(err.text, "readonly") != NULL);
    store_reader_close(&reader);
    CHECK_INT(facts_in(store), 0);
    store_close(&store);
    remove_dir();
}

static void count_commit(void *arg)
{
    ++*(int *)arg;
}

static void watchers_are_told_of_commits_that_changed_something(void)
{
    make_dir();
    struct store *store = open_store();
    struct err err = ERR_INIT;
    int commits = 0, answers = 0;
    int64_t count;
    struct fact fact;
    init_fact(&fact, 1, &answers);
    store_on_commit(store, count_commit, &commits);
    CHECK(store_write_now(store, write_fact, &fact, &err));
    CHECK(store_write_now(store, count_facts, &count, &err));
    int64_t queued, commit_us = 0;
    store_health(store, &queued, &commit_us);
    CHECK_INT(queued, 0);
    CHECK(commit_us > 0);
    store_close(&store); /* Waits for the thread: the count is final. */
    CHECK_INT(commits, 1);
    remove_dir();
}

static bool put_long_row(struct db *db, void *arg, struct err *err)
{
    static char bytes[40000];
    int *number = arg;
    ++*number;
    return db_run(db,
                  "INSERT INTO messages (tenant, adapter, key, data, until_ms) "
                  "VALUES ('t', 'a', CAST($1 AS TEXT), $2, 0)",
                  DB_ARGS(db_int(*number), db_bytes(slice_bytes(bytes, sizeof bytes))),
                  NULL, err);
}

/* Each row is ten pages and a bit. */
static void put_long_rows(struct store *store, int count, int *number)
{
    struct err err = ERR_INIT;
    for (int i = 0; i < count; i++)
        CHECK(store_write_now(store, put_long_row, number, &err));
}

static int64_t log_bytes(void)
{
    char path[128];
    struct stat info = { .st_size = -1 };
    CHECK(snprintf(path, sizeof path, "%s/esimd.db-wal", scratch.dir) > 0);
    CHECK(stat(path, &info) == 0);
    return info.st_size;
}

struct growth {
    struct store *store;
    int *number;
    int64_t held_bytes;
};

static bool dwell(struct db *db, void *arg, struct err *err)
{
    struct growth *growth = arg;
    int64_t count;
    if (!count_facts(db, &count, err)) /* The snapshot begins here. */
        return false;
    put_long_rows(growth->store, 300, growth->number);
    growth->held_bytes = log_bytes();
    return true;
}

/* Nobody but the writer copies the log; were it forgotten, the disk would fill. */
static void the_log_is_copied_and_starts_anew_unless_a_reader_needs_it(void)
{
    enum { MEBIBYTE = 1 << 20 };
    make_dir();
    struct store *store = open_store();
    struct err err = ERR_INIT;
    int number = 0;
    put_long_rows(store, 300, &number);
    CHECK(log_bytes() < 6 * MEBIBYTE);
    struct store_reader *reader = store_reader_open(store, &err);
    CHECK_FATAL(reader != NULL);
    struct growth growth = { store, &number, 0 };
    CHECK(store_read(reader, dwell, &growth, &err));
    CHECK(growth.held_bytes > 11 * MEBIBYTE);
    put_long_rows(store, 300, &number); /* The reader has gone: no more growth. */
    CHECK(log_bytes() < growth.held_bytes + 5 * MEBIBYTE);
    store_reader_close(&reader);
    store_close(&store);
    remove_dir();
}

struct endless {
    struct txn txn;
    struct store *store;
    int written;
    enum err_code ended_by;
};

static void write_again(void *arg, bool ok, const struct err *err)
{
    struct endless *endless = arg;
    endless->written += ok;
    endless->ended_by = err->code;
    if (ok)
        store_write(endless->store, &endless->txn);
}

static bool do_nothing(struct db *db, void *arg, struct err *err)
{
    (void)db;
    (void)arg;
    (void)err;
    return true;
}

/* Else a watcher that writes again and again would keep the host from stopping. */
static void a_store_that_stops_refuses_what_comes_then(void)
{
    make_dir();
    struct store *store = open_store();
    struct endless endless = { .txn = { .run = do_nothing, .done = write_again },
                               .store = store };
    endless.txn.arg = &endless;
    store_write(store, &endless.txn);
    store_close(&store);
    CHECK(endless.written > 0);
    CHECK_INT(endless.ended_by, ERR_UNAVAILABLE);
    remove_dir();
}

TESTS("store", CASE(a_transaction_that_fails_is_undone_alone),
      CASE(a_failure_without_words_is_named_a_bug_of_ours),
      CASE(an_answer_comes_on_the_loop_that_asked),
      CASE(many_loops_in_one_commit_all_get_their_answers),
      CASE(a_full_queue_refuses_and_runs_nothing),
      CASE(a_read_sees_one_moment_and_the_next_read_sees_what_was_answered),
      CASE(a_reader_cannot_write),
      CASE(watchers_are_told_of_commits_that_changed_something),
      CASE(the_log_is_copied_and_starts_anew_unless_a_reader_needs_it),
      CASE(a_store_that_stops_refuses_what_comes_then))
