#include "order/sweep.h"

bool sweep(struct db *db, struct sweep *sweep, struct err *err)
{
    const struct {
        const char *sql;
        int64_t before_ms;
    } rows[] = {
        { "DELETE FROM idempotency WHERE (tenant, key) IN (SELECT tenant, key "
          "FROM idempotency WHERE created_ms < $1 ORDER BY created_ms LIMIT $2)",
          sweep->now_ms - sweep->keys_ms },
        { "DELETE FROM inbox WHERE (tenant, adapter, fact_id) IN (SELECT tenant, "
          "adapter, fact_id FROM inbox WHERE at_ms < $1 ORDER BY at_ms LIMIT $2)",
          sweep->now_ms - sweep->facts_ms },
        { "DELETE FROM messages WHERE (tenant, adapter, key, seq) IN (SELECT tenant, "
          "adapter, key, seq FROM messages AS m WHERE until_ms < $1 AND NOT EXISTS "
          "(SELECT 1 FROM outbox AS o WHERE o.adapter = m.adapter "
          "AND o.wait_key = m.key) ORDER BY until_ms LIMIT $2)",
          sweep->now_ms },
    };
    sweep->more = false;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t removed = 0;
        if (!db_run(db, rows[i].sql,
                    DB_ARGS(db_int(rows[i].before_ms), db_int(sweep->most)), &removed,
                    err))
            return err_wrap(err, "removing what is past its time");
        sweep->more = sweep->more || removed == sweep->most;
    }
    return true;
}
