/* sqlite_private.h - what sqlite.c and sqlite_statement.c share, and nobody else. */
#ifndef STORE_SQLITE_PRIVATE_H
#define STORE_SQLITE_PRIVATE_H

#include <sqlite3.h>

#include "store/driver.h"

enum { SQLITE_PARAMS_MAX = 64 };

/* A prepared statement. SQLite numbers "$7" by where it first stands in the text, so
 * `place[6]` says which of its numbers is ours. */
struct sqlite_statement {
    const char *sql;
    sqlite3_stmt *handle;
    bool busy; /* A walk over its rows is under way. */
    uint8_t count;
    uint8_t place[SQLITE_PARAMS_MAX];
};

/* Open addressing, keyed by the address of the text; size is a power of two. */
struct sqlite_cache {
    struct sqlite_statement **slots;
    size_t size;
    size_t used;
};

struct sqlite {
    struct db db;
    sqlite3 *handle;
    struct sqlite_cache cache;
    int wal_frames;      /* In the log after the last commit. */
    int checkpoint_from; /* Frames from which the next checkpoint is tried. */
};

struct sqlite_row {
    struct db_row row;
    sqlite3_stmt *handle;
};

bool sqlite_execute(struct db *db, struct db_call *call, struct err *err);
void sqlite_cache_finish(struct sqlite_cache *cache);

/* Fills `err` from a result code and the connection's words; false. */
bool sqlite_fail(sqlite3 *handle, int code, struct err *err);

int64_t sqlite_row_int(const struct db_row *row, int column);
const char *sqlite_row_text(const struct db_row *row, int column);
struct slice sqlite_row_bytes(const struct db_row *row, int column);
bool sqlite_row_is_null(const struct db_row *row, int column);

#endif
