/* Transactions that change more than fits into memory beside them. */
#include "check.h"
#include "scratch.h"

#include "store/store.h"

enum { ROWS = 300, ROW_BYTES = 40000 };

static bool put_rows(struct db *db, void *arg, struct err *err)
{
    static char bytes[ROW_BYTES];
    (void)arg;
    for (int i = 0; i < ROWS; i++)
        if (!db_run(db,
                    "INSERT INTO messages (tenant, adapter, key, data, until_ms) "
                    "VALUES ('t', 'a', CAST($1 AS TEXT), $2, 0)",
                    DB_ARGS(db_int(i), db_bytes(slice_bytes(bytes, sizeof bytes))),
                    NULL, err))
            return false;
    return true;
}

static bool change_every_row(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    return db_run(db, "UPDATE messages SET until_ms = until_ms + 1", DB_NO_ARGS, NULL,
                  err);
}

/* What a savepoint saves goes to a temporary file when it is long. SQLite writes that
 * in pieces of the configured size, and a piece of 128 KiB or more as nothing at all
 * (seekAndWriteFd masks its length with 0x1ffff), which it takes for a full disk. */
static void a_transaction_of_many_pages_is_no_full_disk(void)
{
    struct store_limits limits = { .batch = 64, .queue = 256, .cache_kb = 512 };
    struct scratch scratch;
    struct err err = ERR_INIT;
    CHECK_FATAL(scratch_make(&scratch));
    struct store *store = store_open(scratch.dir, &limits, &err);
    CHECK_FATAL(store != NULL);
    CHECK(store_write_now(store, put_rows, NULL, &err));
    CHECK(store_write_now(store, change_every_row, NULL, &err));
    CHECK_TEXT(err.text, "");
    store_close(&store);
    CHECK(scratch_remove(&scratch));
}

TESTS("store_spill", CASE(a_transaction_of_many_pages_is_no_full_disk))
