/* The store on a disk that forgets what was not synced (tests/torture/lossy_vfs.h). A
 * child writes and says through a pipe what was answered, until its power goes; then the
 * store is opened on what is left. TORTURE=long runs many more seeds. */
#include "check.h"
#include "scratch.h"

#include <semaphore.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../torture/lossy_vfs.h"
#include "store/sqlite.h"
#include "store/store.h"

/* Rows of ten pages, so that a checkpoint comes about every hundred of them. */
enum { ROW_BYTES = 40000, AT_ONCE = 3, OPERATIONS_MOST = 6000 };

static const struct store_limits limits = { .batch = 64,
                                            .queue = 256,
                                            .cache_kb = 512 };
static struct scratch scratch;

/* The child. */

struct write {
    struct txn txn;
    int number;
    int tell;
    sem_t *answered;
};

static bool put_row(struct db *db, void *arg, struct err *err)
{
    const struct write *write_ = arg;
    static char bytes[ROW_BYTES];
    memset(bytes, write_->number & 0xff, sizeof bytes);
    return db_run(
        db,
        "INSERT INTO messages (tenant, adapter, key, data, until_ms) "
        "VALUES ('t', 'a', CAST($1 AS TEXT), $2, $1)",
        DB_ARGS(db_int(write_->number), db_bytes(slice_bytes(bytes, sizeof bytes))),
        NULL, err);
}

static void say_number(void *arg, bool ok, const struct err *err)
{
    (void)err;
    const struct write *write_ = arg;
    int number = write_->number;
    if (!ok || write(write_->tell, &number, sizeof number) != sizeof number)
        _exit(3);
    sem_post(write_->answered);
}

static void write_on(struct store *store, int tell)
{
    sem_t answered;
    sem_init(&answered, 0, 0);
    for (int number = 1;; number += AT_ONCE) {
        struct write writes[AT_ONCE];
        for (int i = 0; i < AT_ONCE; i++) {
            writes[i] = (struct write){ .number = number + i,
                                        .tell = tell,
                                        .answered = &answered };
            writes[i].txn =
                (struct txn){ .run = put_row, .done = say_number, .arg = &writes[i] };
            store_write(store, &writes[i].txn);
        }
        for (int i = 0; i < AT_ONCE; i++)
            sem_wait(&answered);
    }
}

struct life {
    struct lossy_plan plan;
    bool weak; /* synchronous=NORMAL. */
    int said[OPERATIONS_MOST];
    int count;
    int status;
    char last_words[4096]; /* What it wrote to standard error. */
};

static void live(const struct life *life, int tell, int words)
{
    struct err err = ERR_INIT;
    dup2(words, STDERR_FILENO);
    if (life->weak)
        sqlite_weaken_for_test();
    if (!lossy_vfs_install(&life->plan))
        _exit(2);
    struct store *store = store_open(scratch.dir, &limits, &err);
    if (store == NULL) {
        fprintf(stderr, "%s\n", err.text);
        _exit(1);
    }
    write_on(store, tell);
}

static void run_life(struct life *life)
{
    int tell[2], words[2], number;
    CHECK_FATAL(pipe(tell) == 0 && pipe(words) == 0);
    pid_t child = fork();
    if (child == 0)
        live(life, tell[1], words[1]);
    close(tell[1]);
    close(words[1]);
    life->count = 0;
    while (life->count < OPERATIONS_MOST &&
           read(tell[0], &number, sizeof number) == sizeof number)
        life->said[life->count++] = number;
    ssize_t got = read(words[0], life->last_words, sizeof life->last_words - 1);
    life->last_words[got > 0 ? got : 0] = '\0';
    CHECK(waitpid(child, &life->status, 0) == child);
    close(tell[0]);
    close(words[0]);
}

static int exit_of(const struct life *life)
{
    return WIFEXITED(life->status) ? WEXITSTATUS(life->status) : -1;
}

/* What is left. */

static bool look_at_row(const struct db_row *row, void *arg, struct err *err)
{
    (void)err;
    struct slice bytes = row_bytes(row, 0);
    int number = (int)row_int(row, 1);
    bool whole = bytes.size == ROW_BYTES;
    for (size_t i = 0; whole && i < bytes.size; i++)
        whole = (uint8_t)bytes.ptr[i] == (uint8_t)number;
    *(bool *)arg = whole;
    return true;
}

static bool look_at_integrity(const struct db_row *row, void *arg, struct err *err)
{
    (void)arg;
    (void)err;
    CHECK_TEXT(row_text(row, 0), "ok");
    return true;
}

struct left {
    const struct life *life;
    int lost;
};

static bool look_for_all(struct db *db, void *arg, struct err *err)
{
    struct left *left = arg;
    for (int i = 0; i < left->life->count; i++) {
        struct err why = ERR_INIT;
        bool whole = false;
        bool there = db_one(
            db,
            "SELECT data, until_ms FROM messages WHERE tenant = 't' AND "
            "adapter = 'a' AND key = CAST($1 AS TEXT)",
            DB_ARGS(db_int(left->life->said[i])), look_at_row, &whole, &why);
        CHECK(there || why.code == ERR_NOT_FOUND);
        CHECK(!there || whole);
        left->lost += !there;
    }
    return db_each(db, "PRAGMA integrity_check", DB_NO_ARGS, look_at_integrity, NULL,
                   err);
}

/* How many of the answered rows are gone. */
static int count_lost(const struct life *life)
{
    struct err err = ERR_INIT;
    struct left left = { .life = life };
    struct store *store = store_open(scratch.dir, &limits, &err);
    if (store == NULL)
        fprintf(stderr, "%s\n", err.text);
    CHECK_FATAL(store != NULL);
    CHECK(store_write_now(store, look_for_all, &left, &err));
    store_close(&store);
    return left.lost;
}

static int lives(void)
{
    const char *wish = getenv("TORTURE");
    return wish != NULL && strcmp(wish, "long") == 0 ? 2000 : 24;
}

static struct life life; /* Large. */

/* The power goes at a seeded operation, early (the schema is being made) or late (in a
 * checkpoint). */
static int lose_power_many_times(bool weak, int *ret_answered)
{
    int lost = 0;
    *ret_answered = 0;
    for (int seed = 1; seed <= lives(); seed++) {
        CHECK_FATAL(scratch_make(&scratch));
        life = (struct life){ .weak = weak };
        life.plan.seed = (uint64_t)seed * 7919;
        life.plan.cut_at = 1 + (int64_t)seed * 104729 % (seed % 4 == 0 ? 150 : 5000);
        run_life(&life);
        CHECK_INT(exit_of(&life), LOSSY_EXIT);
        int gone = count_lost(&life);
        if (gone != 0 && !weak)
            fprintf(stderr, "seed %d lost %d of %d\n", seed, gone, life.count);
        lost += gone;
        *ret_answered += life.count;
        CHECK(scratch_remove(&scratch));
    }
    printf("  %s: %d power losses, %d writes answered, %d lost\n",
           weak ? "commits not synced" : "commits synced", lives(), *ret_answered,
           lost);
    return lost;
}

static void a_power_loss_takes_nothing_that_was_answered(void)
{
    int answered = 0;
    CHECK_INT(lose_power_many_times(false, &answered), 0);
    CHECK(answered > lives());
}

/* Else the test above would test nothing. */
static void the_same_losses_are_seen_when_commits_are_not_synced(void)
{
    int answered = 0;
    CHECK(lose_power_many_times(true, &answered) > 0);
    CHECK(answered > lives());
}

static void check_ends(const struct lossy_plan *plan, const char *says)
{
    CHECK_FATAL(scratch_make(&scratch));
    life = (struct life){ .plan = *plan };
    run_life(&life);
    CHECK_INT(exit_of(&life), STORE_EXIT);
    if (strstr(life.last_words, says) == NULL)
        CHECK_TEXT(life.last_words, says);
    CHECK(strstr(life.last_words, "store.failed") != NULL);
    CHECK(life.count > 0);
    CHECK_INT(count_lost(&life), 0);
    CHECK(scratch_remove(&scratch));
}

/* After a failed fsync the kernel may call the next one a success: no second try. */
static void a_failed_sync_ends_the_process_with_its_reason(void)
{
    check_ends(&(struct lossy_plan){ .fail_sync_at = 400 },
               "committing: disk I/O error");
}

static void a_full_disk_ends_the_process_with_its_reason(void)
{
    check_ends(&(struct lossy_plan){ .full_at = 400 }, "database or disk is full");
}

TESTS("power_loss", CASE(a_power_loss_takes_nothing_that_was_answered),
      CASE(the_same_losses_are_seen_when_commits_are_not_synced),
      CASE(a_failed_sync_ends_the_process_with_its_reason),
      CASE(a_full_disk_ends_the_process_with_its_reason))
