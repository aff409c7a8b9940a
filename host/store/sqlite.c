#include "store/sqlite.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/sqlite_private.h"

enum {
    APPLICATION_ID = 0x4553494D, /* "ESIM" in the file's header, byte 68. */
    BUSY_MS = 500,               /* Only a stranger can hold the lock. */
    CHECKPOINT_FRAMES = 1000,
    CHECKPOINT_FRAMES_BUSY = 8000,  /* Even when transactions wait. */
    CHECKPOINT_FRAMES_MOST = 65536, /* 256 MiB: waits for readers to move on. */
    CHECKPOINT_FRAMES_STEP = 1000   /* Before another try when a reader holds back. */
};

static const char *writer_sync = "2";

void sqlite_weaken_for_test(void)
{
    writer_sync = "1";
}

/* A pragma that is set and then read back. */
struct pragma {
    const char *set;
    const char *read;
    const char *expected;
};
/* clang-format off */
static const struct pragma writer_pragmas[] = {
    { "PRAGMA journal_mode=WAL",     "PRAGMA journal_mode",       "wal" },
    { "PRAGMA foreign_keys=ON",      "PRAGMA foreign_keys",       "1"   },
    { "PRAGMA wal_autocheckpoint=0", "PRAGMA wal_autocheckpoint", "0"   },
    /* A log that a slow reader let grow is cut to this when it starts anew. */
    { "PRAGMA journal_size_limit=67108864", "PRAGMA journal_size_limit", "67108864" },
};
static const struct pragma reader_pragmas[] = {
    { "PRAGMA query_only=ON",        "PRAGMA query_only",         "1"   },
    { "PRAGMA wal_autocheckpoint=0", "PRAGMA wal_autocheckpoint", "0"   },
    { "PRAGMA journal_mode",         "PRAGMA journal_mode",       "wal" },
};
static const struct {
    int option;
    int on;
} hardening[] = {
    { SQLITE_DBCONFIG_DEFENSIVE,        1 },
    { SQLITE_DBCONFIG_TRUSTED_SCHEMA,   0 },
    { SQLITE_DBCONFIG_DQS_DML,          0 }, /* "x" is a name, never a text. */
    { SQLITE_DBCONFIG_DQS_DDL,          0 },
    { SQLITE_DBCONFIG_ENABLE_TRIGGER,   0 },
    { SQLITE_DBCONFIG_ENABLE_VIEW,      0 },
};
/* clang-format on */

static bool script(struct db *db, const char *sql, struct err *err)
{
    struct sqlite *lite = (struct sqlite *)db;
    int code = sqlite3_exec(lite->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK || sqlite_fail(lite->handle, code, err);
}

/* The first column of a pragma's only row, as text. */
static bool read_pragma(struct sqlite *lite, const char *sql, char *ret, size_t size,
                        struct err *err)
{
    sqlite3_stmt *handle = NULL;
    int code = sqlite3_prepare_v2(lite->handle, sql, -1, &handle, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(handle);
    bool ok = code == SQLITE_ROW;
    if (ok) {
        int length = snprintf(ret, size, "%s",
                              (const char *)sqlite3_column_text(handle, 0));
        assert(length >= 0);
    } else {
        sqlite_fail(lite->handle, code, err);
    }
    sqlite3_finalize(handle);
    return ok;
}

static bool settle(struct sqlite *lite, const struct pragma *pragma, struct err *err)
{
    char found[32];
    if (!script(&lite->db, pragma->set, err) ||
        !read_pragma(lite, pragma->read, found, sizeof found, err))
        return err_wrap(err, "%s", pragma->set);
    if (strcmp(found, pragma->expected) != 0)
        return err_set(err, ERR_IO, "%s: the engine answers %s, expected %s",
                       pragma->set, found, pragma->expected);
    return true;
}

static bool settle_all(struct sqlite *lite, const struct pragma *pragmas, size_t count,
                       struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!settle(lite, &pragmas[i], err))
            return false;
    return true;
}

static bool settle_cache(struct sqlite *lite, int64_t cache_kb, struct err *err)
{
    char text[64];
    int length = snprintf(text, sizeof text, "PRAGMA cache_size=-%lld",
                          (long long)cache_kb);
    assert(length > 0);
    return script(&lite->db, text, err);
}

static int note_wal(void *arg, sqlite3 *handle, const char *name, int frames)
{
    (void)handle;
    (void)name;
    ((struct sqlite *)arg)->wal_frames = frames;
    return SQLITE_OK;
}

static bool settle_writer(struct sqlite *lite, struct err *err)
{
    char set[64];
    int length = snprintf(set, sizeof set, "PRAGMA synchronous=%s", writer_sync);
    assert(length > 0);
    const struct pragma sync = { set, "PRAGMA synchronous", writer_sync };
    lite->checkpoint_from = CHECKPOINT_FRAMES;
    if (!settle_all(lite, writer_pragmas,
                    sizeof writer_pragmas / sizeof writer_pragmas[0], err) ||
        !settle(lite, &sync, err))
        return false;
    sqlite3_wal_hook(lite->handle, note_wal, lite);
    return true;
}

static bool settle_reader(struct sqlite *lite, struct err *err)
{
    int code = sqlite3_db_config(lite->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                                 (int *)NULL);
    if (code != SQLITE_OK)
        return sqlite_fail(lite->handle, code, err);
    return settle_all(lite, reader_pragmas,
                      sizeof reader_pragmas / sizeof reader_pragmas[0], err);
}

static bool harden(struct sqlite *lite, struct err *err)
{
    for (size_t i = 0; i < sizeof hardening / sizeof hardening[0]; i++) {
        int code = sqlite3_db_config(lite->handle, hardening[i].option, hardening[i].on,
                                     (int *)NULL);
        if (code != SQLITE_OK)
            return sqlite_fail(lite->handle, code, err);
    }
    return true;
}

static bool count_tables(const struct db_row *row, void *arg, struct err *err)
{
    (void)err;
    *(int64_t *)arg = row_int(row, 0);
    return true;
}

static bool read_version(struct db *db, int64_t *ret, struct err *err)
{
    struct sqlite *lite = (struct sqlite *)db;
    char id[32], version[32];
    int64_t tables = 0;
    if (!read_pragma(lite, "PRAGMA application_id", id, sizeof id, err) ||
        !read_pragma(lite, "PRAGMA user_version", version, sizeof version, err) ||
        !db_one(db, "SELECT count(*) FROM sqlite_schema", DB_NO_ARGS, count_tables,
                &tables, err))
        return false;
    bool empty = tables == 0 && strcmp(id, "0") == 0;
    if (!empty && strtol(id, NULL, 10) != APPLICATION_ID)
        return err_set(err, ERR_CORRUPT,
                       "the file is not a database of esimd: application_id is %s, "
                       "expected %d",
                       id, APPLICATION_ID);
    *ret = strtoll(version, NULL, 10);
    return true;
}

static bool write_version(struct db *db, int64_t version, struct err *err)
{
    char text[96];
    int length = snprintf(text, sizeof text,
                          "PRAGMA application_id=%d; PRAGMA user_version=%lld",
                          APPLICATION_ID, (long long)version);
    assert(length > 0);
    return script(db, text, err);
}

static bool in_transaction(const struct db *db)
{
    return sqlite3_get_autocommit(((const struct sqlite *)db)->handle) == 0;
}

static int64_t total_changed(const struct db *db)
{
    return sqlite3_total_changes64(((const struct sqlite *)db)->handle);
}

/* Copies the log into the database. A reader with an old snapshot may hold it back: then
 * it is tried again some frames later, and the log grows meanwhile. */
static bool maintain(struct db *db, bool idle, struct err *err)
{
    struct sqlite *lite = (struct sqlite *)db;
    int least = idle ? CHECKPOINT_FRAMES : CHECKPOINT_FRAMES_BUSY;
    if (lite->wal_frames < least || lite->wal_frames < lite->checkpoint_from)
        return true;
    int mode = lite->wal_frames < CHECKPOINT_FRAMES_MOST ? SQLITE_CHECKPOINT_PASSIVE
                                                         : SQLITE_CHECKPOINT_RESTART;
    int in_log = 0, copied = 0;
    int code = sqlite3_wal_checkpoint_v2(lite->handle, NULL, mode, &in_log, &copied);
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
        return sqlite_fail(lite->handle, code, err);
    bool whole = code == SQLITE_OK && copied == in_log;
    lite->checkpoint_from = whole ? CHECKPOINT_FRAMES
                                  : lite->wal_frames + CHECKPOINT_FRAMES_STEP;
    if (whole)
        lite->wal_frames = 0;
    return true;
}

static void close_lite(struct db *db)
{
    struct sqlite *lite = (struct sqlite *)db;
    sqlite_cache_finish(&lite->cache);
    int code = sqlite3_close(lite->handle);
    assert(code == SQLITE_OK); /* Else a statement was forgotten. */
    free(lite);
}

static const struct db_driver sqlite_driver = {
    .name = "sqlite",
    .marks = { [DB_BEGIN_READ] = "BEGIN",
               [DB_BEGIN_WRITE] = "BEGIN IMMEDIATE",
               [DB_COMMIT] = "COMMIT",
               [DB_ROLLBACK] = "ROLLBACK",
               [DB_SAVEPOINT] = "SAVEPOINT txn",
               [DB_RELEASE] = "RELEASE txn",
               [DB_UNDO] = "ROLLBACK TO txn" },
    .execute = sqlite_execute,
    .script = script,
    .read_version = read_version,
    .write_version = write_version,
    .in_transaction = in_transaction,
    .total_changed = total_changed,
    .maintain = maintain,
    .close = close_lite,
    .row_int = sqlite_row_int,
    .row_text = sqlite_row_text,
    .row_bytes = sqlite_row_bytes,
    .row_is_null = sqlite_row_is_null,
};

/* Before SQLite's first use in the process: no global counter behind each allocation, and
 * room for what a savepoint saves (30 pages) before it goes to a temporary file. Not "in
 * memory always": that is a list of 1 KiB pieces, and was a fifth slower when measured.
 * Never 128 KiB or more: SQLite writes pieces of this size, and os_unix.c masks a length
 * with 0x1ffff, so that nothing is written and the disk is called full.
 * When somebody used SQLite before, it says MISUSE and keeps its defaults, which are
 * right, if slow. */
static void configure_once(void)
{
    assert(sqlite3_threadsafe() != 0);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, 124 * 1024);
}

static bool open_handle(struct sqlite *lite, const char *path, enum sqlite_role role,
                        struct err *err)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
    flags |= role == SQLITE_WRITER ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                   : SQLITE_OPEN_READONLY;
    int code = sqlite3_open_v2(path, &lite->handle, flags, NULL);
    if (code != SQLITE_OK)
        return sqlite_fail(lite->handle, code, err);
    sqlite3_busy_timeout(lite->handle, BUSY_MS);
    return true;
}

struct db *sqlite_open(const char *path, enum sqlite_role role, int64_t cache_kb,
                       struct err *err)
{
    static pthread_once_t configured = PTHREAD_ONCE_INIT;
    pthread_once(&configured, configure_once);
    struct sqlite *lite = calloc(1, sizeof *lite);
    if (lite == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for a database connection");
        return NULL;
    }
    lite->db.driver = &sqlite_driver;
    bool ok = open_handle(lite, path, role, err) && harden(lite, err) &&
              settle_cache(lite, cache_kb, err) &&
              (role == SQLITE_WRITER ? settle_writer(lite, err)
                                     : settle_reader(lite, err));
    if (ok)
        return &lite->db;
    err_wrap(err, "opening %s", path);
    close_lite(&lite->db);
    return NULL;
}
