/* driver.h - what a database engine gives the store. Seen inside store/ only.
 *
 * One SQL text serves every engine: $1 parameters, ON CONFLICT, RETURNING, no casts by
 * "::" (SQLite would read them as part of the parameter's name). What engines say in
 * words of their own, the texts of transaction control and where the schema's version
 * is kept, is here. SQLite is sqlite.c; libpq fits the same table.
 *
 * Threads  A struct db belongs to one thread at a time. */
#ifndef STORE_DRIVER_H
#define STORE_DRIVER_H

#include "store/db.h"

/* One execution of a statement. `row` NULL means that rows are not wanted. */
struct db_call {
    const char *sql;
    const struct db_value *args;
    size_t count;
    db_row_fn row;
    void *arg;
    int64_t changed; /* Rows changed; written when the call succeeds. */
};

/* Transaction control. A savepoint is opened inside DB_BEGIN_WRITE, one at a time. */
enum db_mark {
    DB_BEGIN_READ,  /* One snapshot for all reads that follow. */
    DB_BEGIN_WRITE, /* Takes the write lock at once. */
    DB_COMMIT,      /* Durable when it returns. */
    DB_ROLLBACK,
    DB_SAVEPOINT,
    DB_RELEASE, /* Keeps what was done since the savepoint. */
    DB_UNDO,    /* Takes it back; the savepoint stays open. */
    DB_MARK_COUNT
};

struct db_driver {
    const char *name;
    const char *marks[DB_MARK_COUNT];

    bool (*execute)(struct db *db, struct db_call *call, struct err *err);

    /* Several statements without parameters, for migrations. */
    bool (*script)(struct db *db, const char *sql, struct err *err);

    /* The schema's version: 0 for an empty database; ERR_CORRUPT when the database is
     * somebody else's. Written inside the migration's transaction. */
    bool (*read_version)(struct db *db, int64_t *ret, struct err *err);
    bool (*write_version)(struct db *db, int64_t version, struct err *err);

    /* False once the engine has rolled a transaction back by itself. */
    bool (*in_transaction)(const struct db *db);

    /* Rows changed on this connection since it was opened. */
    int64_t (*total_changed)(const struct db *db);

    /* Housekeeping between two transactions of the writer; `idle` when nobody waits. */
    bool (*maintain)(struct db *db, bool idle, struct err *err);

    void (*close)(struct db *db);

    int64_t (*row_int)(const struct db_row *row, int column);
    const char *(*row_text)(const struct db_row *row, int column);
    struct slice (*row_bytes)(const struct db_row *row, int column);
    bool (*row_is_null)(const struct db_row *row, int column);
};

/* Each engine's own struct begins with these. */
struct db {
    const struct db_driver *driver;
};
struct db_row {
    const struct db_driver *driver;
};

bool db_mark(struct db *db, enum db_mark mark, struct err *err);

/* Closes and sets to NULL; NULL inside is fine. */
void db_close(struct db **db);

#endif
