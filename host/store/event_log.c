#include "store/event_log.h"

#include "base/clock.h"
#include "base/id.h"

/* INSERT ... SELECT would be carried out by way of a temporary table. */
static const char append_sql[] =
    "INSERT INTO events (tenant, seq, id, at_ms, type, resource, data, trace) "
    "VALUES ($1, COALESCE((SELECT MAX(seq) FROM events WHERE tenant = $1), 0) + 1, "
    "$2, $3, $4, $5, $6, $7)";

static const char page_sql[] =
    "SELECT seq, id, at_ms, type, resource, data, trace FROM events "
    "WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3";

bool event_append(struct db *db, const char *tenant, const char *type,
                  const char *resource, const char *data_json, const char *trace,
                  struct err *err)
{
    char id[ID_SIZE];
    id_new(id);
    if (!db_run(db, append_sql,
                DB_ARGS(db_text(tenant), db_text(id), db_int(clock_wall_ms()),
                        db_text(type), db_text(resource), db_text(data_json),
                        db_text(trace)),
                NULL, err))
        return err_wrap(err, "writing event %s", type);
    return true;
}

struct page {
    event_row_fn row;
    void *arg;
};

static bool page_row(const struct db_row *row, void *arg, struct err *err)
{
    const struct page *page = arg;
    const struct event_row event = { .seq = row_int(row, 0),
                                     .id = row_text(row, 1),
                                     .at_ms = row_int(row, 2),
                                     .type = row_text(row, 3),
                                     .resource = row_text(row, 4),
                                     .data = row_text(row, 5),
                                     .trace = row_text(row, 6) };
    return page->row(&event, page->arg, err);
}

bool event_page(struct db *db, const char *tenant, int64_t after_seq, int64_t limit,
                event_row_fn row, void *arg, struct err *err)
{
    struct page page = { row, arg };
    if (!db_each(db, page_sql,
                 DB_ARGS(db_text(tenant), db_int(after_seq), db_int(limit)), page_row,
                 &page, err))
        return err_wrap(err, "reading events");
    return true;
}
