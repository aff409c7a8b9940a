#include "check.h"
#include "scratch.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/event_log.h"
#include "store/store.h"

static const struct store_limits limits = { .batch = 64,
                                            .queue = 256,
                                            .cache_kb = 512 };
static struct scratch scratch;
static struct store *store;

static void open_scratch(void)
{
    struct err err = ERR_INIT;
    CHECK_FATAL(scratch_make(&scratch));
    store = store_open(scratch.dir, &limits, &err);
    CHECK_FATAL(store != NULL);
}

static void close_scratch(void)
{
    store_close(&store);
    CHECK(scratch_remove(&scratch));
}

/* Runs a function inside a transaction of a fresh store. */
static void in_fresh_store(bool (*run)(struct db *db, void *arg, struct err *err),
                           void *arg)
{
    struct err err = ERR_INIT;
    open_scratch();
    bool ok = store_write_now(store, run, arg, &err);
    if (!ok)
        fprintf(stderr, "%s\n", err.text);
    CHECK(ok);
    close_scratch();
}

/* Every table, and the first column of its primary key. */
static const char keys_sql[] =
    "SELECT s.name, c.name FROM sqlite_schema AS s, pragma_table_info(s.name) AS c "
    "WHERE s.type = 'table' AND c.pk = 1 ORDER BY s.name";

struct keys {
    int tables, without_tenant;
};

static bool look_at_key(const struct db_row *row, void *arg, struct err *err)
{
    (void)err;
    struct keys *keys = arg;
    keys->tables++;
    if (strcmp(row_text(row, 1), "tenant") != 0) {
        keys->without_tenant++;
        CHECK_TEXT(row_text(row, 0), "activated");
    }
    return true;
}

static bool take_int(const struct db_row *row, void *arg, struct err *err)
{
    (void)err;
    *(int64_t *)arg = row_int(row, 0);
    return true;
}

static bool look_at_keys(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    struct keys keys = { 0 };
    int64_t tables = 0;
    bool ok = db_one(db, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'",
                     DB_NO_ARGS, take_int, &tables, err) &&
              db_each(db, keys_sql, DB_NO_ARGS, look_at_key, &keys, err);
    CHECK_INT(keys.tables, tables);
    CHECK(keys.tables > 10);
    CHECK_INT(keys.without_tenant, 1);
    return ok;
}

/* A lookup that forgets the tenant must not even be able to use the key. */
static void the_tenant_is_first_in_every_primary_key_but_one(void)
{
    in_fresh_store(look_at_keys, NULL);
}

/* The hot queries of the order engine and the API, and the index each must use. */
static const struct {
    const char *sql;
    const char *uses;
} hot[] = {
    { "EXPLAIN QUERY PLAN SELECT id FROM orders WHERE tenant = 't' AND id = 'x'",
      "USING COVERING INDEX sqlite_autoindex_orders_1" },
    { "EXPLAIN QUERY PLAN SELECT * FROM orders WHERE tenant = 't' AND "
      "id < 'x' ORDER BY id DESC LIMIT 50",
      "USING INDEX sqlite_autoindex_orders_1" },
    { "EXPLAIN QUERY PLAN SELECT * FROM orders WHERE tenant = 't' AND state = 'held' "
      "AND id < 'x' ORDER BY id DESC LIMIT 50",
      "USING INDEX orders_by_state" },
    { "EXPLAIN QUERY PLAN SELECT * FROM orders WHERE tenant = 't' AND "
      "external_id = 'x'",
      "USING INDEX orders_by_external_id" },
    { "EXPLAIN QUERY PLAN SELECT * FROM orders WHERE tenant = 't' AND iccid = 'x'",
      "USING INDEX orders_by_iccid" },
    { "EXPLAIN QUERY PLAN SELECT * FROM steps WHERE tenant = 't' AND order_id = 'x' "
      "ORDER BY position, kind",
      "USING PRIMARY KEY" },
    { "EXPLAIN QUERY PLAN UPDATE outbox SET claimed_by = 'h', epoch = epoch + 1 WHERE "
      "(tenant, operation_id) IN (SELECT tenant, operation_id FROM outbox AS o WHERE "
      "adapter = 'a' AND due_ms <= 5 AND (claimed_by IS NULL OR lease_ms < 5) AND NOT "
      "EXISTS (SELECT 1 FROM outbox AS p WHERE p.tenant = o.tenant AND p.lane = o.lane "
      "AND p.order_id < o.order_id) ORDER BY due_ms LIMIT 64) RETURNING *",
      "INDEX outbox_due (adapter=? AND due_ms<?)" },
    { "EXPLAIN QUERY PLAN UPDATE outbox SET claimed_by = 'h' WHERE tenant = 't' AND "
      "operation_id = 'x' AND claimed_by IS NULL",
      "USING INDEX sqlite_autoindex_outbox_1 (tenant=? AND operation_id=?)" },
    { "EXPLAIN QUERY PLAN SELECT 1 FROM outbox WHERE tenant = 't' AND lane = 'l' AND "
      "order_id < 'x'",
      "outbox_lane (tenant=? AND lane=? AND order_id<?)" },
    { "EXPLAIN QUERY PLAN DELETE FROM outbox WHERE tenant = 't' AND "
      "operation_id IN (SELECT operation_id FROM steps WHERE tenant = 't' AND "
      "order_id = 'x') AND claimed_by IS NULL",
      "sqlite_autoindex_outbox_1 (tenant=? AND operation_id=?)" },
    { "EXPLAIN QUERY PLAN SELECT min(due_ms) FROM outbox WHERE adapter = 'a'",
      "outbox_due (adapter=?)" },
    { "EXPLAIN QUERY PLAN UPDATE outbox SET due_ms = 1 WHERE tenant = 't' AND "
      "operation_id = 'x' AND epoch = 3",
      "USING INDEX sqlite_autoindex_outbox_1" },
    { "EXPLAIN QUERY PLAN SELECT * FROM outbox WHERE claimed_by IS NOT NULL AND "
      "lease_ms < 5",
      "USING INDEX outbox_lease (lease_ms<?)" },
    { "EXPLAIN QUERY PLAN SELECT * FROM outbox WHERE tenant = 't' AND adapter = 'a' "
      "AND "
      "wait_key = 'k'",
      "USING INDEX outbox_wait" },
    { "EXPLAIN QUERY PLAN DELETE FROM idempotency WHERE created_ms < "
      "5",
      "idempotency_by_time (created_ms<?)" },
    { "EXPLAIN QUERY PLAN SELECT seq, hash FROM audit WHERE tenant = 't' ORDER BY seq "
      "DESC LIMIT 1",
      "USING INDEX sqlite_autoindex_audit_1 (tenant=?)" },
    { "EXPLAIN QUERY PLAN SELECT * FROM events WHERE tenant = 't' AND seq > 5 ORDER BY "
      "seq LIMIT 50",
      "USING INDEX sqlite_autoindex_events_1 (tenant=? AND seq>?)" },
    { "EXPLAIN QUERY PLAN SELECT * FROM api_keys WHERE prefix = 'p'",
      "sqlite_autoindex_api_keys" },
    { "EXPLAIN QUERY PLAN SELECT * FROM profiles WHERE adapter = 'a' AND iccid = 'x'",
      "USING INDEX profiles_by_adapter (adapter=? AND iccid=?)" },
    { "EXPLAIN QUERY PLAN SELECT * FROM messages WHERE adapter = 'a' AND key = 'k'",
      "USING INDEX messages_by_key (adapter=? AND key=?)" },
    { "EXPLAIN QUERY PLAN SELECT * FROM profiles WHERE tenant = 't' AND iccid = 'x'",
      "USING INDEX sqlite_autoindex_profiles_1" },
};

struct plan {
    const char *uses;
    bool used;
    bool scans;
    bool sorts;
    char text[512];
};

static bool look_at_plan(const struct db_row *row, void *arg, struct err *err)
{
    (void)err;
    struct plan *plan = arg;
    const char *detail = row_text(row, 3);
    plan->used = plan->used || strstr(detail, plan->uses) != NULL;
    plan->scans = plan->scans || strncmp(detail, "SCAN", 4) == 0;
    plan->sorts = plan->sorts || strstr(detail, "TEMP B-TREE") != NULL;
    size_t used = strlen(plan->text);
    return snprintf(plan->text + used, sizeof plan->text - used, "%s\n", detail) > 0;
}

static bool look_at_plans(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    for (size_t i = 0; i < sizeof hot / sizeof hot[0]; i++) {
        struct plan plan = { .uses = hot[i].uses };
        if (!db_each(db, hot[i].sql, DB_NO_ARGS, look_at_plan, &plan, err))
            return err_wrap(err, "%s", hot[i].sql);
        if (!plan.used || plan.scans || plan.sorts)
            fprintf(stderr, "%s\n%s", hot[i].sql, plan.text);
        CHECK(plan.used && !plan.scans && !plan.sorts);
    }
    return true;
}

static void hot_queries_neither_scan_nor_sort(void)
{
    in_fresh_store(look_at_plans, NULL);
}

/* What is written for every order. A temporary table costs more than the row. */
static const char *const writes[] = {
    "EXPLAIN INSERT INTO orders (tenant, id, type, state, plan, subject, position, "
    "compensating, vars_sealed, policy_revision, version, created_ms, updated_ms) "
    "VALUES ('t', 'x', 'p', 's', '', 'k', 0, 0, '', 1, 1, 1, 1)",
    "EXPLAIN UPDATE orders SET position = 1, compensating = 1 "
    "WHERE tenant = 't' AND id = 'x'",
    "EXPLAIN INSERT INTO steps (tenant, order_id, position, capability, kind, state, "
    "operation_id, attempts, state_version) VALUES ('t', 'x', 0, 'c', 'do', 'due', "
    "'o', "
    "0, 0) ON CONFLICT (tenant, order_id, position, kind) DO NOTHING",
    "EXPLAIN UPDATE steps SET state = 'done' "
    "WHERE tenant = 't' AND order_id = 'x' AND position = 0 AND kind = 'do'",
    "EXPLAIN INSERT INTO events (tenant, seq, id, at_ms, type, resource, data) VALUES "
    "('t', COALESCE((SELECT MAX(seq) FROM events WHERE tenant = 't'), 0) + 1, 'i', 1, "
    "'e', 'r', '{}')",
};

static bool look_at_step(const struct db_row *row, void *arg, struct err *err)
{
    (void)err;
    int *temporary = arg;
    if (strcmp(row_text(row, 1), "OpenEphemeral") == 0)
        ++*temporary;
    return true;
}

static bool look_at_writes(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
        int temporary = 0;
        if (!db_each(db, writes[i], DB_NO_ARGS, look_at_step, &temporary, err))
            return err_wrap(err, "%s", writes[i]);
        CHECK_INT(temporary, 0);
    }
    return true;
}

static void rows_of_an_order_are_written_without_temporary_tables(void)
{
    in_fresh_store(look_at_writes, NULL);
}

static bool use_each_dialect(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    static const char put[] = "INSERT INTO activated (kind, name, revision, digest, "
                              "at_ms) VALUES ($2, $3, $1, $3, $1) ON CONFLICT (kind, "
                              "name) DO UPDATE SET revision = excluded.revision WHERE "
                              "activated.revision < excluded.revision RETURNING "
                              "revision";
    int64_t revision = 0, changed = -1;
    for (int64_t next = 5; next < 7; next++) {
        if (!db_one(db, put, DB_ARGS(db_int(next), db_text("k"), db_text("n")),
                    take_int, &revision, err))
            return false;
        CHECK_INT(revision, next);
    }
    CHECK(!db_one(db, put, DB_ARGS(db_int(4), db_text("k"), db_text("n")), take_int,
                  &revision, err));
    CHECK_INT(err->code, ERR_NOT_FOUND);
    CHECK(db_run(db, "UPDATE activated SET digest = $1 WHERE kind = $2",
                 DB_ARGS(db_null(), db_text("other")), &changed, err));
    CHECK_INT(changed, 0);
    return true;
}

/* SQLite numbers "$2 $3 $1" by first use; a mistake here mixes columns up. */
static void parameters_go_by_number_wherever_they_stand(void)
{
    in_fresh_store(use_each_dialect, NULL);
}

static bool go_wrong(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    static const struct {
        const char *sql;
        enum err_code code;
    } wrong[] = {
        { "SELECT 1 FROM nowhere", ERR_INTERNAL },
        { "SELECT $2, $1, $3", ERR_INTERNAL }, /* One argument is too few. */
        { "SELECT $2", ERR_INTERNAL },         /* No $1. */
        { "SELECT ?", ERR_INTERNAL },          /* Not our kind of parameter. */
        { "INSERT INTO tenants VALUES ($1, 'n', 'late')", ERR_INTERNAL }, /* STRICT. */
        { "INSERT INTO tenants VALUES ('u', $1, NULL)", ERR_INTERNAL },
        { "SELECT $1 UNION SELECT 2", ERR_INTERNAL }, /* Two rows. */
        { "SELECT $1 WHERE 1 = 2", ERR_NOT_FOUND },
    };
    int64_t ignored;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct err why = ERR_INIT;
        CHECK(
            !db_one(db, wrong[i].sql, DB_ARGS(db_text("x")), take_int, &ignored, &why));
        CHECK_INT(why.code, wrong[i].code);
    }
    CHECK(db_run(db, "INSERT INTO tenants VALUES ($1, $1, 0)", DB_ARGS(db_text("x")),
                 NULL, err));
    CHECK(!db_run(db, "INSERT INTO tenants VALUES ($1, $1, 0)", DB_ARGS(db_text("x")),
                  NULL, err));
    CHECK_INT(err->code, ERR_CONFLICT);
    CHECK_TEXT(err->field, "tenants.tenant");
    return true;
}

static void each_kind_of_mistake_has_its_code(void)
{
    in_fresh_store(go_wrong, NULL);
}

struct seen {
    struct db *db;
    int rows;
};

static const char numbers_sql[] = "SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3";

static bool count_inside(const struct db_row *row, void *arg, struct err *err)
{
    (void)row;
    (void)err;
    ++*(int *)arg;
    return true;
}

static bool walk_inside(const struct db_row *row, void *arg, struct err *err)
{
    (void)row;
    struct seen *seen = arg;
    return db_each(seen->db, numbers_sql, DB_NO_ARGS, count_inside, &seen->rows, err);
}

static bool walk_within_a_walk(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    struct seen seen = { .db = db };
    bool ok = db_each(db, numbers_sql, DB_NO_ARGS, walk_inside, &seen, err);
    CHECK_INT(seen.rows, 9);
    return ok;
}

static void a_statement_may_be_used_while_its_rows_are_walked(void)
{
    in_fresh_store(walk_within_a_walk, NULL);
}

static bool look_at_values(const struct db_row *row, void *arg, struct err *err)
{
    (void)arg;
    char text[4] = "old";
    CHECK(!row_is_null(row, 0) && row_bytes(row, 0).size == 0);
    CHECK(!row_is_null(row, 1) && row_bytes(row, 1).size == 0);
    CHECK(row_is_null(row, 2) && row_text(row, 2) == NULL && row_int(row, 2) == 0);
    CHECK(slice_equal(row_bytes(row, 3), SLICE_LITERAL("a\0b")));
    CHECK(!row_copy(row, 3, text, sizeof text, err)); /* A NUL inside. */
    CHECK(!row_copy(row, 4, text, sizeof text, err)); /* Too long by one. */
    CHECK_INT(err->code, ERR_CORRUPT);
    CHECK_TEXT(text, "old");
    CHECK(row_copy(row, 2, text, sizeof text, err));
    CHECK_TEXT(text, "");
    return true;
}

static bool pass_values(struct db *db, void *arg, struct err *err)
{
    return db_one(db, "SELECT $1, $2, $3, $4, $5",
                  DB_ARGS(db_bytes((struct slice){ NULL, 0 }),
                          db_slice((struct slice){ NULL, 0 }), db_text(NULL),
                          db_bytes(SLICE_LITERAL("a\0b")), db_text("long")),
                  look_at_values, arg, err);
}

static void empty_is_not_null_and_text_is_never_cut(void)
{
    in_fresh_store(pass_values, NULL);
}

static bool look_at_event(const struct event_row *event, void *arg, struct err *err)
{
    (void)err;
    int64_t *last = arg;
    CHECK_INT(event->seq, *last + 1);
    CHECK_TEXT(event->type, "order.held");
    *last = event->seq;
    return true;
}

static bool append_and_page(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    int64_t last = 0;
    for (int i = 0; i < 7; i++)
        if (!event_append(db, "a", "order.held", "order/1", "{}", NULL, err) ||
            !event_append(db, "b", "order.done", "order/2", "{}", "00-1", err))
            return false;
    CHECK(event_page(db, "a", 0, 5, look_at_event, &last, err));
    CHECK_INT(last, 5);
    CHECK(event_page(db, "a", last, 5, look_at_event, &last, err));
    CHECK_INT(last, 7);
    CHECK(event_page(db, "a", last, 5, look_at_event, &last, err));
    return true;
}

static void events_count_without_gaps_for_each_tenant(void)
{
    in_fresh_store(append_and_page, NULL);
}

TESTS("schema", CASE(the_tenant_is_first_in_every_primary_key_but_one),
      CASE(hot_queries_neither_scan_nor_sort),
      CASE(rows_of_an_order_are_written_without_temporary_tables),
      CASE(parameters_go_by_number_wherever_they_stand),
      CASE(each_kind_of_mistake_has_its_code),
      CASE(a_statement_may_be_used_while_its_rows_are_walked),
      CASE(empty_is_not_null_and_text_is_never_cut),
      CASE(events_count_without_gaps_for_each_tenant))
