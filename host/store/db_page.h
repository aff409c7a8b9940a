/* db_page.h - one page of a list, as JSON. */
#ifndef STORE_DB_PAGE_H
#define STORE_DB_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

struct db_page {
    /* `arg` is a json_t **: the row as a new reference. */
    db_row_fn read;
    int64_t limit; /* Rows at most. */
};

/* Rows of `sql`, which asks for one more than the limit: that one is not shown, and tells
 * that there is more. `ret_array` is a new reference, and is not touched on error. */
bool db_page(struct db *db, const struct db_page *page, const char *sql,
             const struct db_value *args, size_t count, json_t **ret_array,
             bool *ret_more, struct err *err);

#endif
