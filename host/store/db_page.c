#include "store/db_page.h"

struct reading {
    const struct db_page *page;
    json_t *rows;
    bool more;
};

static bool read_row(const struct db_row *row, void *arg, struct err *err)
{
    struct reading *reading = arg;
    json_t *shown = NULL;
    reading->more = (int64_t)json_array_size(reading->rows) == reading->page->limit;
    if (reading->more)
        return true;
    if (!reading->page->read(row, &shown, err))
        return false;
    json_array_append_new(reading->rows, shown);
    return true;
}

bool db_page(struct db *db, const struct db_page *page, const char *sql,
             const struct db_value *args, size_t count, json_t **ret_array,
             bool *ret_more, struct err *err)
{
    struct reading reading = { page, json_array(), false };
    if (!db_each(db, sql, args, count, read_row, &reading, err)) {
        json_decref(reading.rows);
        return false;
    }
    *ret_array = reading.rows;
    *ret_more = reading.more;
    return true;
}
