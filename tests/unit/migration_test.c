/* Databases of older and newer programs, and files that are none. */
#include "check.h"
#include "scratch.h"

#include "store/schema.h"
#include "store/sqlite.h"
#include "store/store.h"

static const struct store_limits limits = { .batch = 64,
                                            .queue = 256,
                                            .cache_kb = 512 };
static struct scratch scratch;
static struct store *store;

static void open_scratch(void)
{
    struct err err = ERR_INIT;
    CHECK_FATAL(scratch_make(&scratch));
    store = store_open(scratch.dir, &limits, &err);
    CHECK_FATAL(store != NULL);
}

static void close_scratch(void)
{
    store_close(&store);
    CHECK(scratch_remove(&scratch));
}

static bool take_int(const struct db_row *row, void *arg, struct err *err)
{
    (void)err;
    *(int64_t *)arg = row_int(row, 0);
    return true;
}

static void check_refused_to_open(enum err_code code, const char *words)
{
    struct err err = ERR_INIT;
    struct store *opened = store_open(scratch.dir, &limits, &err);
    CHECK(opened == NULL);
    CHECK_INT(err.code, code);
    if (strstr(err.text, words) == NULL)
        CHECK_TEXT(err.text, words);
    store_close(&opened);
}

static void with_raw_database(void (*change)(struct db *db))
{
    char path[128];
    struct err err = ERR_INIT;
    CHECK(snprintf(path, sizeof path, "%s/esimd.db", scratch.dir) > 0);
    struct db *db = sqlite_open(path, SQLITE_WRITER, 512, &err);
    CHECK_FATAL(db != NULL);
    change(db);
    db_close(&db);
}

static void raise_version(struct db *db)
{
    CHECK(db->driver->write_version(db, schema_newest() + 1, NULL));
}

static void take_away_the_name(struct db *db)
{
    CHECK(db->driver->script(db, "PRAGMA application_id = 7", NULL));
}

static void a_database_of_a_newer_program_or_of_a_stranger_is_left_alone(void)
{
    open_scratch();
    store_close(&store);
    with_raw_database(raise_version);
    check_refused_to_open(ERR_CONFLICT, "use the newer program");
    with_raw_database(take_away_the_name);
    check_refused_to_open(ERR_CORRUPT, "not a database of esimd");
    close_scratch();
}

/* As version 4 was: a table that keeps the newest message of a key. */
static void go_back_to_version_4(struct db *db)
{
    struct err err = ERR_INIT;
    bool ok = db->driver->script(
                  db,
                  "DROP TABLE messages;"
                  "CREATE TABLE messages (tenant TEXT NOT NULL, adapter TEXT NOT NULL,"
                  "  key TEXT NOT NULL, data BLOB NOT NULL, until_ms INTEGER NOT NULL,"
                  "  PRIMARY KEY (tenant, adapter, key)) STRICT;"
                  "CREATE INDEX messages_by_key ON messages (adapter, key);"
                  "CREATE INDEX messages_by_end ON messages (until_ms);"
                  "INSERT INTO messages VALUES ('t', 'a', 'k1', x'01', 5),"
                  "  ('t', 'a', 'k2', x'02', 6), ('u', 'a', 'k1', x'03', 7);",
                  &err) &&
              db->driver->write_version(db, 4, &err);
    if (!ok)
        fprintf(stderr, "%s\n", err.text);
    CHECK(ok);
}

static bool read_kept_messages(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    int64_t rows = 0;
    bool ok = db_one(db,
                     "SELECT count(*) FROM messages WHERE seq = 1 AND (tenant, key, "
                     "data, until_ms) IN (VALUES ('t', 'k1', x'01', 5), "
                     "('t', 'k2', x'02', 6), ('u', 'k1', x'03', 7))",
                     DB_NO_ARGS, take_int, &rows, err);
    CHECK_INT(rows, 3);
    return ok;
}

static void messages_of_version_4_are_kept(void)
{
    struct err err = ERR_INIT;
    open_scratch();
    store_close(&store);
    with_raw_database(go_back_to_version_4);
    store = store_open(scratch.dir, &limits, &err);
    CHECK_FATAL(store != NULL);
    CHECK(store_write_now(store, read_kept_messages, NULL, &err));
    close_scratch();
}

static void bytes_that_are_no_database_are_called_corrupt(void)
{
    char path[128];
    open_scratch();
    store_close(&store);
    CHECK(snprintf(path, sizeof path, "%s/esimd.db", scratch.dir) > 0);
    FILE *file = fopen(path, "w");
    CHECK_FATAL(file != NULL);
    for (int i = 0; i < 1000; i++)
        fputs("no database", file);
    fclose(file);
    check_refused_to_open(ERR_CORRUPT, "opening the store");
    close_scratch();
}

TESTS("migration", CASE(a_database_of_a_newer_program_or_of_a_stranger_is_left_alone),
      CASE(messages_of_version_4_are_kept),
      CASE(bytes_that_are_no_database_are_called_corrupt))
