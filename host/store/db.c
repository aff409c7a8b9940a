#include "store/db.h"

#include <assert.h>
#include <string.h>

#include "store/driver.h"

struct db_value db_null(void)
{
    return (struct db_value){ .kind = DB_NULL };
}

struct db_value db_int(int64_t number)
{
    return (struct db_value){ .kind = DB_INT, .number = number };
}

struct db_value db_text(const char *text)
{
    return text == NULL ? db_null() : db_slice(slice_of(text));
}

struct db_value db_slice(struct slice text)
{
    return (struct db_value){ .kind = DB_TEXT, .bytes = text };
}

struct db_value db_bytes(struct slice bytes)
{
    return (struct db_value){ .kind = DB_BYTES, .bytes = bytes };
}

bool db_run(struct db *db, const char *sql, const struct db_value *args, size_t count,
            int64_t *ret_changed, struct err *err)
{
    struct db_call call = { .sql = sql, .args = args, .count = count };
    if (!db->driver->execute(db, &call, err))
        return false;
    if (ret_changed != NULL)
        *ret_changed = call.changed;
    return true;
}

bool db_each(struct db *db, const char *sql, const struct db_value *args, size_t count,
             db_row_fn row, void *arg, struct err *err)
{
    assert(row != NULL);
    struct db_call call = { sql, args, count, row, arg, 0 };
    return db->driver->execute(db, &call, err);
}

struct one {
    db_row_fn row;
    void *arg;
    int rows;
};

static bool take_one(const struct db_row *row, void *arg, struct err *err)
{
    struct one *one = arg;
    if (one->rows++ > 0)
        return err_set(err, ERR_INTERNAL, "expected one row, found more");
    return one->row(row, one->arg, err);
}

bool db_one(struct db *db, const char *sql, const struct db_value *args, size_t count,
            db_row_fn row, void *arg, struct err *err)
{
    assert(row != NULL);
    struct one one = { row, arg, 0 };
    if (!db_each(db, sql, args, count, take_one, &one, err))
        return false;
    return one.rows == 1 || err_set(err, ERR_NOT_FOUND, "not found");
}

int64_t row_int(const struct db_row *row, int column)
{
    return row->driver->row_int(row, column);
}

const char *row_text(const struct db_row *row, int column)
{
    return row->driver->row_text(row, column);
}

struct slice row_bytes(const struct db_row *row, int column)
{
    return row->driver->row_bytes(row, column);
}

bool row_is_null(const struct db_row *row, int column)
{
    return row->driver->row_is_null(row, column);
}

bool row_copy(const struct db_row *row, int column, char *ret, size_t size,
              struct err *err)
{
    struct slice bytes = row_bytes(row, column);
    if (slice_copy(bytes, ret, size))
        return true;
    return err_set(err, ERR_CORRUPT,
                   "column %d holds %zu bytes, expected text of at most %zu", column,
                   bytes.size, size - 1);
}

bool db_mark(struct db *db, enum db_mark mark, struct err *err)
{
    return db_run(db, db->driver->marks[mark], DB_NO_ARGS, NULL, err);
}

void db_close(struct db **db)
{
    if (*db == NULL)
        return;
    (*db)->driver->close(*db);
    *db = NULL;
}
