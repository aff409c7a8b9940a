/* db.h - SQL on one connection, the same text for every engine.
 *
 * Parameters are $1, $2 ...; each may stand in several places, and casts are written
 * CAST(... AS ...), never "::". Statements are prepared once per connection and kept,
 * keyed by the address of the text, so SQL must be a string literal or otherwise live as
 * long as the store. Only store/ makes a struct db; it is borrowed for one transaction
 * function (store.h) and is good on that thread only.
 *
 * Errors   ERR_CONFLICT a unique or foreign key was violated (field: the columns when the
 *          engine tells, "orders.tenant, orders.id"), ERR_NOT_FOUND db_one found no row,
 *          ERR_INTERNAL the statement itself is wrong: its text, the number of its
 *          arguments, a value of a type or range that the table does not take, a second
 *          row for db_one; ERR_CORRUPT the file is damaged, ERR_IO all else. A failed
 *          statement has changed nothing; the transaction may go on. */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct db;
struct db_row;

enum db_kind { DB_NULL, DB_INT, DB_TEXT, DB_BYTES };

struct db_value {
    enum db_kind kind;
    int64_t number;
    struct slice bytes;
};

struct db_value db_null(void);
struct db_value db_int(int64_t number);
struct db_value db_text(const char *text); /* NULL text is SQL NULL. */
struct db_value db_slice(struct slice text);
struct db_value db_bytes(struct slice bytes);

/* The arguments of a statement: DB_ARGS(db_text(id), db_int(7)) or DB_NO_ARGS. */
#define DB_ARGS(...)                          \
    (const struct db_value[]){ __VA_ARGS__ }, \
        sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value)
#define DB_NO_ARGS NULL, 0

/* Runs a statement that gives no rows (or whose rows are not wanted). `ret_changed` may
 * be NULL; else how many rows it changed. */
bool db_run(struct db *db, const char *sql, const struct db_value *args, size_t count,
            int64_t *ret_changed, struct err *err);

/* Calls `row` for each row; false from it ends the walk and is the result. `row` may run
 * other statements, but must not change the table that is being walked. */
typedef bool (*db_row_fn)(const struct db_row *row, void *arg, struct err *err);
bool db_each(struct db *db, const char *sql, const struct db_value *args, size_t count,
             db_row_fn row, void *arg, struct err *err);

/* Exactly one row. No row: ERR_NOT_FOUND. */
bool db_one(struct db *db, const char *sql, const struct db_value *args, size_t count,
            db_row_fn row, void *arg, struct err *err);

/* Columns of the present row, from 0. Text and bytes are borrowed until the row function
 * returns; text ends in NUL. NULL columns read as 0, NULL, the empty slice. */
int64_t row_int(const struct db_row *row, int column);
const char *row_text(const struct db_row *row, int column);
struct slice row_bytes(const struct db_row *row, int column);
bool row_is_null(const struct db_row *row, int column);

/* Copies the column's text into an array; "" for NULL; cut never: ERR_CORRUPT if it does
 * not fit. */
bool row_copy(const struct db_row *row, int column, char *ret, size_t size,
              struct err *err);

#endif
