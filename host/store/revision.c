#include "store/revision.h"

#include "base/clock.h"
#include "base/log.h"

struct revision {
    const char *kind, *name, *digest;
    int64_t number;
};

static bool read_number(const struct db_row *row, void *arg, struct err *err)
{
    (void)err;
    *(int64_t *)arg = row_int(row, 0);
    return true;
}

static bool run_read(struct db *db, void *arg, struct err *err)
{
    struct revision *revision = arg;
    return db_each(db, "SELECT revision FROM activated WHERE kind = $1 AND name = $2",
                   DB_ARGS(db_text(revision->kind), db_text(revision->name)),
                   read_number, &revision->number, err);
}

int64_t revision_least(void *store, const char *kind, const char *name)
{
    struct revision revision = { .kind = kind, .name = name };
    struct err err = ERR_INIT;
    if (store_write_now(store, run_read, &revision, &err))
        return revision.number;
    log_err("revision.unreadable", &err);
    return INT64_MAX;
}

static bool run_record(struct db *db, void *arg, struct err *err)
{
    const struct revision *revision = arg;
    return db_run(
        db,
        "INSERT INTO activated (kind, name, revision, digest, at_ms) "
        "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (kind, name) DO UPDATE SET "
        "revision = excluded.revision, digest = excluded.digest, "
        "at_ms = excluded.at_ms WHERE excluded.revision >= activated.revision",
        DB_ARGS(db_text(revision->kind), db_text(revision->name),
                db_int(revision->number), db_text(revision->digest),
                db_int(clock_wall_ms())),
        NULL, err);
}

bool revision_record(struct store *store, const char *kind, const char *name,
                     int64_t revision, const char *digest, struct err *err)
{
    struct revision row = { kind, name, digest, revision };
    return store_write_now(store, run_record, &row, err) ||
           err_wrap(err, "recording revision %lld of %s %s", (long long)revision, kind,
                    name);
}
