/* Statements are prepared once per connection and found again by the address of their
 * text. A statement whose rows are still being walked is not disturbed: the same text
 * used again meanwhile is prepared for that one call. */
#include "store/sqlite_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_SIZE_FIRST = 128 };

struct sqlite_cause {
    int code;
    enum err_code means;
};
/* clang-format off */
static const struct sqlite_cause causes[] = {
    /* Extended codes first, then the primary ones. */
    { SQLITE_CONSTRAINT_UNIQUE,     ERR_CONFLICT    },
    { SQLITE_CONSTRAINT_PRIMARYKEY, ERR_CONFLICT    },
    { SQLITE_CONSTRAINT_ROWID,      ERR_CONFLICT    },
    { SQLITE_CONSTRAINT_FOREIGNKEY, ERR_CONFLICT    },
    { SQLITE_CONSTRAINT,            ERR_INTERNAL    }, /* A value nobody checked. */
    { SQLITE_ERROR,                 ERR_INTERNAL    }, /* The text is wrong. */
    { SQLITE_READONLY,              ERR_INTERNAL    }, /* A write on a reader. */
    { SQLITE_MISUSE,                ERR_INTERNAL    },
    { SQLITE_RANGE,                 ERR_INTERNAL    },
    { SQLITE_BUSY,                  ERR_UNAVAILABLE },
    { SQLITE_NOMEM,                 ERR_UNAVAILABLE },
    { SQLITE_TOOBIG,                ERR_LIMIT       },
    { SQLITE_CORRUPT,               ERR_CORRUPT     },
    { SQLITE_NOTADB,                ERR_CORRUPT     },
};
/* clang-format on */

static enum err_code meaning(int code)
{
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (causes[i].code == code || causes[i].code == (code & 0xff))
            return causes[i].means;
    return ERR_IO;
}

/* "UNIQUE constraint failed: orders.tenant, orders.id" names the columns at its end. */
static void name_constraint(const char *words, struct err *err)
{
    const char *colon = strstr(words, "failed: ");
    if (err == NULL || colon == NULL)
        return;
    int length = snprintf(err->field, sizeof err->field, "%.120s", colon + 8);
    assert(length >= 0);
}

bool sqlite_fail(sqlite3 *handle, int code, struct err *err)
{
    enum err_code means = meaning(code);
    const char *words = handle != NULL ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
    err_set(err, means, "%s (SQLite code %d)", words, code);
    if (means == ERR_CONFLICT)
        name_constraint(words, err);
    return false;
}

static size_t slot_of(const struct sqlite_cache *cache, const char *sql)
{
    uint64_t mixed = (uint64_t)(uintptr_t)sql * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(mixed >> 32) & (cache->size - 1);
    while (cache->slots[at] != NULL && cache->slots[at]->sql != sql)
        at = (at + 1) & (cache->size - 1);
    return at;
}

static bool cache_grow(struct sqlite_cache *cache)
{
    struct sqlite_cache wide = { .size = cache->size ? cache->size * 2
                                                     : CACHE_SIZE_FIRST,
                                 .used = cache->used };
    wide.slots = calloc(wide.size, sizeof *wide.slots);
    if (wide.slots == NULL)
        return false;
    for (size_t i = 0; i < cache->size; i++)
        if (cache->slots[i] != NULL)
            wide.slots[slot_of(&wide, cache->slots[i]->sql)] = cache->slots[i];
    free(cache->slots);
    *cache = wide;
    return true;
}

static void statement_destroy(struct sqlite_statement *statement)
{
    if (statement == NULL)
        return;
    sqlite3_finalize(statement->handle);
    free(statement);
}

void sqlite_cache_finish(struct sqlite_cache *cache)
{
    for (size_t i = 0; i < cache->size; i++)
        statement_destroy(cache->slots[i]);
    free(cache->slots);
    *cache = (struct sqlite_cache){ 0 };
}

/* Every parameter must be one of $1..$count, and each of them must be there. */
static bool find_places(struct sqlite_statement *statement, struct err *err)
{
    int count = sqlite3_bind_parameter_count(statement->handle);
    if (count > SQLITE_PARAMS_MAX)
        return err_set(err, ERR_INTERNAL, "%d parameters, expected at most %d", count,
                       SQLITE_PARAMS_MAX);
    statement->count = (uint8_t)count;
    for (int i = 0; i < count; i++) {
        char name[16];
        int length = snprintf(name, sizeof name, "$%d", i + 1);
        assert(length > 0);
        int place = sqlite3_bind_parameter_index(statement->handle, name);
        if (place == 0)
            return err_set(err, ERR_INTERNAL, "%d parameters, but no %s", count, name);
        statement->place[i] = (uint8_t)place;
    }
    return true;
}

static struct sqlite_statement *statement_create(struct sqlite *lite, const char *sql,
                                                 struct err *err)
{
    struct sqlite_statement *statement = calloc(1, sizeof *statement);
    if (statement == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for a statement");
        return NULL;
    }
    statement->sql = sql;
    int code = sqlite3_prepare_v3(lite->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                  &statement->handle, NULL);
    bool ok = code == SQLITE_OK ? find_places(statement, err)
                                : sqlite_fail(lite->handle, code, err);
    if (!ok) {
        err_wrap(err, "preparing \"%.80s\"", sql);
        statement_destroy(statement);
        return NULL;
    }
    return statement;
}

/* A kept statement, or one for this call when the kept one is in use. */
static struct sqlite_statement *statement_take(struct sqlite *lite, const char *sql,
                                               bool *ret_kept, struct err *err)
{
    struct sqlite_cache *cache = &lite->cache;
    if ((cache->used + 1) * 2 > cache->size && !cache_grow(cache)) {
        err_set(err, ERR_UNAVAILABLE, "no memory for the statement cache");
        return NULL;
    }
    size_t at = slot_of(cache, sql);
    struct sqlite_statement *statement = cache->slots[at];
    *ret_kept = statement == NULL || !statement->busy;
    if (statement != NULL && !statement->busy)
        return statement;
    struct sqlite_statement *made = statement_create(lite, sql, err);
    if (made != NULL && statement == NULL) {
        cache->slots[at] = made;
        cache->used++;
    }
    return made;
}

static int bind_value(sqlite3_stmt *handle, int place, const struct db_value *value)
{
    /* To SQLite a NULL pointer is SQL NULL, but an empty slice is not. */
    const char *ptr = value->bytes.ptr == NULL ? "" : value->bytes.ptr;
    switch (value->kind) {
    case DB_INT:
        return sqlite3_bind_int64(handle, place, value->number);
    case DB_TEXT:
        return sqlite3_bind_text64(handle, place, ptr, value->bytes.size, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case DB_BYTES:
        return sqlite3_bind_blob64(handle, place, ptr, value->bytes.size,
                                   SQLITE_STATIC);
    case DB_NULL:
        break;
    }
    return sqlite3_bind_null(handle, place);
}

static bool bind_all(struct sqlite *lite, const struct sqlite_statement *statement,
                     const struct db_call *call, struct err *err)
{
    if (call->count != statement->count)
        return err_set(err, ERR_INTERNAL, "%zu arguments, expected %d in \"%.80s\"",
                       call->count, statement->count, call->sql);
    for (size_t i = 0; i < call->count; i++) {
        int code = bind_value(statement->handle, statement->place[i], &call->args[i]);
        if (code != SQLITE_OK)
            return sqlite_fail(lite->handle, code, err);
    }
    return true;
}

static bool step_all(struct sqlite *lite, const struct sqlite_statement *statement,
                     struct db_call *call, struct err *err)
{
    struct sqlite_row row = { { lite->db.driver }, statement->handle };
    int code;
    while ((code = sqlite3_step(statement->handle)) == SQLITE_ROW)
        if (call->row != NULL && !call->row(&row.row, call->arg, err))
            return false;
    if (code != SQLITE_DONE)
        return sqlite_fail(lite->handle, code, err);
    call->changed = sqlite3_stmt_readonly(statement->handle)
                        ? 0
                        : sqlite3_changes64(lite->handle);
    return true;
}

bool sqlite_execute(struct db *db, struct db_call *call, struct err *err)
{
    struct sqlite *lite = (struct sqlite *)db;
    bool kept;
    struct sqlite_statement *statement = statement_take(lite, call->sql, &kept, err);
    if (statement == NULL)
        return false;
    statement->busy = true;
    bool ok = bind_all(lite, statement, call, err) &&
              step_all(lite, statement, call, err);
    statement->busy = false;
    sqlite3_reset(statement->handle); /* Says again what step has said. */
    if (!kept)
        statement_destroy(statement);
    return ok;
}

static sqlite3_stmt *handle_of(const struct db_row *row, int column)
{
    sqlite3_stmt *handle = ((const struct sqlite_row *)row)->handle;
    assert(column >= 0 && column < sqlite3_column_count(handle));
    return handle;
}

int64_t sqlite_row_int(const struct db_row *row, int column)
{
    return sqlite3_column_int64(handle_of(row, column), column);
}

const char *sqlite_row_text(const struct db_row *row, int column)
{
    return (const char *)sqlite3_column_text(handle_of(row, column), column);
}

struct slice sqlite_row_bytes(const struct db_row *row, int column)
{
    sqlite3_stmt *handle = handle_of(row, column);
    const void *ptr = sqlite3_column_blob(handle, column); /* Before the size. */
    return slice_bytes(ptr, (size_t)sqlite3_column_bytes(handle, column));
}

bool sqlite_row_is_null(const struct db_row *row, int column)
{
    return sqlite3_column_type(handle_of(row, column), column) == SQLITE_NULL;
}
