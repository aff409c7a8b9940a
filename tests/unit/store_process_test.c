/* The store and other processes: a second host, a stranger, a kill. */
#include "check.h"
#include "scratch.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/sqlite.h"
#include "store/store.h"

static const struct store_limits limits = { .batch = 64,
                                            .queue = 256,
                                            .cache_kb = 512 };
static const struct store_limits patient = {
    .batch = 64, .queue = 256, .cache_kb = 512, .lock_wait_ms = 20000
};
static struct scratch scratch;

static void make_dir(void)
{
    CHECK_FATAL(scratch_make(&scratch));
}

static void remove_dir(void)
{
    CHECK(scratch_remove(&scratch));
}

static struct store *open_with(const struct store_limits *chosen)
{
    struct err err = ERR_INIT;
    struct store *store = store_open(scratch.dir, chosen, &err);
    if (store == NULL)
        fprintf(stderr, "%s\n", err.text);
    CHECK_FATAL(store != NULL);
    return store;
}

static struct store *open_store(void)
{
    return open_with(&limits);
}

/* Rows of `inbox` stand for any write. */
static bool write_fact(struct db *db, void *arg, struct err *err)
{
    return db_run(db,
                  "INSERT INTO inbox (tenant, adapter, fact_id, at_ms) "
                  "VALUES ('t', 'a', CAST($1 AS TEXT), 0)",
                  DB_ARGS(db_int(*(const int *)arg)), NULL, err);
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

/* Children. They never return into CUnit. */

static void read_byte(int fd)
{
    char byte;
    CHECK(read(fd, &byte, 1) == 1);
}

static void hold_store(int tell)
{
    struct err err = ERR_INIT;
    struct store *store = store_open(scratch.dir, &limits, &err);
    if (store == NULL || write(tell, "!", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

static void end_child(pid_t child)
{
    int status;
    CHECK(kill(child, SIGKILL) == 0);
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
}

static pid_t start_child(void (*run)(int tell))
{
    int pipes[2];
    CHECK_FATAL(pipe(pipes) == 0);
    pid_t child = fork();
    if (child == 0)
        run(pipes[1]);
    read_byte(pipes[0]);
    close(pipes[0]);
    close(pipes[1]);
    return child;
}

/* Two writers of one file are how SQLite databases get damaged. */
static void a_second_host_is_refused_and_told_the_first_ones_pid(void)
{
    make_dir();
    pid_t child = start_child(hold_store);
    struct err err = ERR_INIT;
    char said[64];
    CHECK(store_open(scratch.dir, &limits, &err) == NULL);
    CHECK_INT(err.code, ERR_CONFLICT);
    CHECK(snprintf(said, sizeof said, "process %d is the host", (int)child) > 0);
    CHECK(strstr(err.text, said) != NULL);
    end_child(child);
    struct store *store = open_store(); /* The lock died with its holder. */
    store_close(&store);
    remove_dir();
}

/* Dies, and leaves a child with its lock that lives a little longer. */
static void leave_child_behind(void)
{
    struct itimerval soon = { .it_value = { .tv_usec = 50000 } };
    struct err err = ERR_INIT;
    struct store *store = store_open(scratch.dir, &limits, &err);
    pid_t child = store == NULL ? -1 : fork();
    if (child < 0)
        _exit(1);
    while (child == 0) {
        setitimer(ITIMER_REAL, &soon, NULL); /* SIGALRM ends it. */
        pause();
    }
    kill(getpid(), SIGKILL);
}

/* A host that is killed while it makes a cell must be able to start again at once. */
static void a_killed_hosts_child_that_has_its_lock_is_waited_for(void)
{
    int status;
    make_dir();
    pid_t child = fork();
    if (child == 0)
        leave_child_behind();
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    struct store *store = open_with(&patient);
    store_close(&store);
    remove_dir();
}

static void end_soon(void)
{
    struct itimerval soon = { .it_value = { .tv_usec = 50000 } };
    setitimer(ITIMER_REAL, &soon, NULL); /* SIGALRM ends it. */
}

static void hold_store_briefly(int tell)
{
    end_soon();
    hold_store(tell);
}

/* What the log said of waiting while the store was opened, as a count of lines. */
static struct store *open_counting_lines(const struct store_limits *chosen,
                                         struct err *err, int *ret_lines)
{
    char line[2048];
    FILE *words = tmpfile();
    int kept = dup(STDERR_FILENO);
    CHECK_FATAL(words != NULL && kept >= 0);
    CHECK(dup2(fileno(words), STDERR_FILENO) >= 0);
    struct store *store = store_open(scratch.dir, chosen, err);
    CHECK(dup2(kept, STDERR_FILENO) >= 0);
    rewind(words);
    for (*ret_lines = 0; fgets(line, sizeof line, words) != NULL;)
        *ret_lines += strstr(line, "store.waiting") != NULL;
    fclose(words);
    close(kept);
    return store;
}

/* A killed host has its files open until its last thread is gone, and its number is
 * taken until its parent has looked: whether it ends cannot be told from outside. */
static void a_host_that_ends_in_time_is_waited_for_with_one_line(void)
{
    struct err err = ERR_INIT;
    int lines = 0;
    make_dir();
    pid_t child = start_child(hold_store_briefly);
    struct store *store = open_counting_lines(&patient, &err, &lines);
    CHECK(store != NULL);
    CHECK_INT(lines, 1);
    store_close(&store);
    CHECK(waitpid(child, NULL, 0) == child);
    remove_dir();
}

static void a_host_that_stays_is_refused_when_the_wait_is_over(void)
{
    const struct store_limits hasty = {
        .batch = 64, .queue = 256, .cache_kb = 512, .lock_wait_ms = 60
    };
    struct err err = ERR_INIT;
    int lines = 0;
    make_dir();
    pid_t child = start_child(hold_store);
    int64_t began_us = clock_mono_us();
    CHECK(open_counting_lines(&hasty, &err, &lines) == NULL);
    CHECK(clock_mono_us() - began_us >= 60 * 1000);
    CHECK_INT(err.code, ERR_CONFLICT);
    CHECK(strstr(err.text, "is the host that writes") != NULL);
    CHECK_INT(lines, 1);
    end_child(child);
    remove_dir();
}

/* A program that knows nothing of our lock, as a sqlite3 shell does. */
static void hold_database(int tell)
{
    char path[128];
    struct err err = ERR_INIT;
    if (snprintf(path, sizeof path, "%s/esimd.db", scratch.dir) < 0)
        _exit(1);
    struct db *db = sqlite_open(path, SQLITE_WRITER, 512, &err);
    if (db == NULL || !db_mark(db, DB_BEGIN_WRITE, &err) || write(tell, "!", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

static void hold_database_briefly(int tell)
{
    end_soon();
    hold_database(tell);
}

/* A dying host's locks do not all fall at the same moment. */
static void a_database_that_is_closed_in_time_is_waited_for(void)
{
    struct err err = ERR_INIT;
    int lines = 0;
    make_dir();
    struct store *store = open_store();
    store_close(&store);
    pid_t child = start_child(hold_database_briefly);
    store = open_counting_lines(&patient, &err, &lines);
    CHECK(store != NULL);
    CHECK_INT(lines, 1);
    store_close(&store);
    CHECK(waitpid(child, NULL, 0) == child);
    remove_dir();
}

static void a_database_that_another_program_has_open_is_refused(void)
{
    make_dir();
    struct store *store = open_store();
    store_close(&store);
    pid_t child = start_child(hold_database);
    struct err err = ERR_INIT;
    char said[64];
    CHECK(store_open(scratch.dir, &limits, &err) == NULL);
    CHECK_INT(err.code, ERR_CONFLICT);
    CHECK(snprintf(said, sizeof said, "process %d has", (int)child) > 0);
    CHECK(strstr(err.text, said) != NULL);
    end_child(child);
    store = open_store();
    store_close(&store);
    remove_dir();
}

/* Later on it cannot be kept out; then a write is refused whole, and comes back. */
static void a_stranger_that_locks_the_database_later_costs_no_write(void)
{
    make_dir();
    struct store *store = open_store();
    pid_t child = start_child(hold_database);
    struct err err = ERR_INIT;
    int fact = 1;
    CHECK(!store_write_now(store, write_fact, &fact, &err));
    CHECK_INT(err.code, ERR_UNAVAILABLE);
    end_child(child);
    CHECK(store_write_now(store, write_fact, &fact, &err));
    CHECK_INT(facts_in(store), 1);
    store_close(&store);
    remove_dir();
}

/* Writes 1, 2, 3 ... and says each number through the pipe once it is answered. */
static void write_until_killed(int tell)
{
    struct err err = ERR_INIT;
    struct store *store = store_open(scratch.dir, &limits, &err);
    int64_t first = 0;
    if (store == NULL || !store_write_now(store, count_facts, &first, &err))
        _exit(1);
    for (int number = (int)first + 1;; number++) {
        if (!store_write_now(store, write_fact, &number, &err) ||
            write(tell, &number, sizeof number) != sizeof number)
            _exit(1);
    }
}

/* The last number said before the child was killed after `answers` of them. */
static int kill_after(int answers)
{
    int pipes[2], last = 0, number;
    CHECK_FATAL(pipe(pipes) == 0);
    pid_t child = fork();
    if (child == 0)
        write_until_killed(pipes[1]);
    close(pipes[1]);
    for (int i = 0; i < answers; i++)
        if (read(pipes[0], &number, sizeof number) == sizeof number)
            last = number;
    end_child(child);
    while (read(pipes[0], &number, sizeof number) == sizeof number)
        last = number; /* Said, and not yet heard. */
    close(pipes[0]);
    return last;
}

static void what_was_answered_survives_a_kill_at_any_moment(void)
{
    make_dir();
    unsigned seed = 7;
    const char *wish = getenv("TORTURE");
    int rounds = wish != NULL && strcmp(wish, "long") == 0 ? 500 : 8;
    for (int round = 0; round < rounds; round++) {
        int last = kill_after(1 + rand_r(&seed) % 40);
        struct store *store = open_store();
        int64_t stored = facts_in(store);
        CHECK(last > 0 && stored >= last && stored <= last + 1);
        store_close(&store);
    }
    remove_dir();
}

TESTS("store_process", CASE(a_second_host_is_refused_and_told_the_first_ones_pid),
      CASE(a_killed_hosts_child_that_has_its_lock_is_waited_for),
      CASE(a_host_that_ends_in_time_is_waited_for_with_one_line),
      CASE(a_host_that_stays_is_refused_when_the_wait_is_over),
      CASE(a_database_that_is_closed_in_time_is_waited_for),
      CASE(a_database_that_another_program_has_open_is_refused),
      CASE(a_stranger_that_locks_the_database_later_costs_no_write),
      CASE(what_was_answered_survives_a_kill_at_any_moment))
