#include "store/schema.h"

#include <inttypes.h>

struct migration {
    int64_t version;
    const char *name;
    const char *sql;
};

/* clang-format off */
/* SQLite turns IN with more than two values into a temporary table, at each row that is
 * written: the checks do without. Rows that come in order and are long have a rowid, since
 * only such a table is filled page by page; its key is a small index. */
static const char first_tables[] =
"CREATE TABLE tenants ("
"  tenant TEXT NOT NULL PRIMARY KEY,"
"  name TEXT NOT NULL,"
"  created_ms INTEGER NOT NULL"
") STRICT, WITHOUT ROWID;"

"CREATE TABLE api_keys ("
"  tenant TEXT NOT NULL,"
"  id TEXT NOT NULL,"
"  prefix TEXT NOT NULL UNIQUE,"
"  hash BLOB NOT NULL,"
"  subject TEXT NOT NULL,"
"  roles TEXT NOT NULL,"              /* JSON array of role names. */
"  created_ms INTEGER NOT NULL,"
"  revoked_ms INTEGER,"
"  last_used_ms INTEGER,"
"  PRIMARY KEY (tenant, id)"
") STRICT, WITHOUT ROWID;"

"CREATE TABLE orders ("
"  tenant TEXT NOT NULL,"
"  id TEXT NOT NULL,"
"  type TEXT NOT NULL,"
"  state TEXT NOT NULL,"              /* TMF641's names. */
"  plan TEXT NOT NULL,"
"  carrier TEXT,"
"  adapter TEXT,"
"  external_id TEXT,"
"  subject TEXT NOT NULL,"
"  iccid TEXT,"
"  eid TEXT,"
"  msisdn TEXT,"
"  profile_type TEXT,"
"  position INTEGER NOT NULL,"
"  compensating INTEGER NOT NULL CHECK (compensating BETWEEN 0 AND 2),"
"  vars_sealed BLOB NOT NULL,"
"  problem TEXT,"                     /* JSON. */
"  held_for TEXT,"
"  decision_id TEXT,"
"  policy_revision INTEGER NOT NULL,"
"  request_id TEXT,"
"  trace TEXT,"
"  version INTEGER NOT NULL,"
"  created_ms INTEGER NOT NULL,"
"  updated_ms INTEGER NOT NULL,"
"  PRIMARY KEY (tenant, id)"
") STRICT;"
"CREATE INDEX orders_by_state ON orders (tenant, state, id);"
"CREATE INDEX orders_by_external_id ON orders (tenant, external_id)"
"  WHERE external_id IS NOT NULL;"
"CREATE INDEX orders_by_iccid ON orders (tenant, iccid) WHERE iccid IS NOT NULL;"

"CREATE TABLE steps ("
"  tenant TEXT NOT NULL,"
"  order_id TEXT NOT NULL,"
"  position INTEGER NOT NULL,"
"  capability TEXT NOT NULL,"
"  kind TEXT NOT NULL CHECK (kind IN ('do', 'undo')),"
"  state TEXT NOT NULL CHECK (state = 'waiting' OR state = 'due' OR state = 'running'"
"    OR state = 'done' OR state = 'refused' OR state = 'unknown' OR state = 'held'"
"    OR state = 'skipped' OR state = 'cancelled'),"
"  operation_id TEXT NOT NULL,"
"  adapter_version TEXT,"
"  manifest_digest TEXT,"
"  attempts INTEGER NOT NULL,"
"  exchange TEXT,"                    /* The name of the last exchange. */
"  outcome INTEGER,"
"  flow_state_sealed BLOB,"
"  state_version INTEGER NOT NULL,"
"  problem TEXT,"
"  started_ms INTEGER,"
"  ended_ms INTEGER,"
"  deadline_ms INTEGER,"
"  PRIMARY KEY (tenant, order_id, position, kind)"
") STRICT, WITHOUT ROWID;"

"CREATE TABLE outbox ("
"  tenant TEXT NOT NULL,"
"  operation_id TEXT NOT NULL,"
"  order_id TEXT NOT NULL,"
"  position INTEGER NOT NULL,"
"  kind TEXT NOT NULL CHECK (kind IN ('do', 'undo')),"
"  adapter TEXT NOT NULL,"
"  lane TEXT NOT NULL,"
"  due_ms INTEGER NOT NULL,"
"  event INTEGER NOT NULL,"
"  claimed_by TEXT,"
"  epoch INTEGER NOT NULL,"
"  lease_ms INTEGER,"
"  attempts INTEGER NOT NULL,"
"  action_id TEXT,"
"  action_class INTEGER,"
"  action_sealed BLOB,"
"  wait_key TEXT,"
"  querying INTEGER NOT NULL DEFAULT 0 CHECK (querying IN (0, 1)),"
"  PRIMARY KEY (tenant, operation_id)"
") STRICT;"
"CREATE INDEX outbox_due ON outbox (adapter, due_ms);"
"CREATE INDEX outbox_lane ON outbox (tenant, lane, order_id);"
"CREATE INDEX outbox_lease ON outbox (lease_ms) WHERE claimed_by IS NOT NULL;"
"CREATE INDEX outbox_wait ON outbox (adapter, wait_key)"
"  WHERE wait_key IS NOT NULL;"

"CREATE TABLE idempotency ("
"  tenant TEXT NOT NULL,"
"  key TEXT NOT NULL,"
"  route TEXT NOT NULL,"
"  digest TEXT NOT NULL,"
"  order_id TEXT NOT NULL,"
"  created_ms INTEGER NOT NULL,"
"  PRIMARY KEY (tenant, key)"
") STRICT, WITHOUT ROWID;"
"CREATE INDEX idempotency_by_time ON idempotency (created_ms);"

"CREATE TABLE profiles ("
"  tenant TEXT NOT NULL,"
"  iccid TEXT NOT NULL,"
"  order_id TEXT NOT NULL,"
"  carrier TEXT NOT NULL,"
"  adapter TEXT NOT NULL,"
"  state TEXT NOT NULL,"
"  device_state TEXT NOT NULL,"
"  eid TEXT,"
"  msisdn TEXT,"
"  profile_type TEXT,"
"  smdp_address TEXT,"
"  code_sealed BLOB,"
"  code_expires_ms INTEGER,"
"  version INTEGER NOT NULL,"
"  created_ms INTEGER NOT NULL,"
"  updated_ms INTEGER NOT NULL,"
"  PRIMARY KEY (tenant, iccid)"
") STRICT;"

"CREATE INDEX profiles_by_adapter ON profiles (adapter, iccid);"

"CREATE TABLE decisions ("
"  tenant TEXT NOT NULL,"
"  id TEXT NOT NULL,"
"  at_ms INTEGER NOT NULL,"
"  function TEXT NOT NULL,"
"  revision INTEGER NOT NULL,"
"  input_digest TEXT NOT NULL,"
"  input TEXT NOT NULL,"
"  allow INTEGER NOT NULL CHECK (allow IN (0, 1)),"
"  reason TEXT NOT NULL,"
"  result TEXT,"
"  PRIMARY KEY (tenant, id)"
") STRICT;"

"CREATE TABLE audit ("
"  tenant TEXT NOT NULL,"
"  seq INTEGER NOT NULL,"
"  at_ms INTEGER NOT NULL,"
"  subject TEXT NOT NULL,"
"  action TEXT NOT NULL,"
"  resource TEXT NOT NULL,"
"  outcome TEXT NOT NULL,"
"  reason TEXT,"
"  decision_id TEXT,"
"  policy_revision INTEGER NOT NULL,"
"  request_id TEXT,"
"  trace TEXT,"
"  diff TEXT,"
"  prev BLOB NOT NULL,"
"  hash BLOB NOT NULL,"
"  PRIMARY KEY (tenant, seq)"
") STRICT;"

"CREATE TABLE events ("
"  tenant TEXT NOT NULL,"
"  seq INTEGER NOT NULL,"
"  id TEXT NOT NULL,"
"  at_ms INTEGER NOT NULL,"
"  type TEXT NOT NULL,"
"  resource TEXT NOT NULL,"
"  data TEXT NOT NULL,"               /* JSON. */
"  trace TEXT,"
"  PRIMARY KEY (tenant, seq)"
") STRICT;"

"CREATE TABLE inbox ("
"  tenant TEXT NOT NULL,"
"  adapter TEXT NOT NULL,"
"  fact_id TEXT NOT NULL,"
"  at_ms INTEGER NOT NULL,"
"  PRIMARY KEY (tenant, adapter, fact_id)"
") STRICT, WITHOUT ROWID;"
"CREATE INDEX inbox_by_time ON inbox (at_ms);"

"CREATE TABLE messages ("
"  tenant TEXT NOT NULL,"
"  adapter TEXT NOT NULL,"
"  key TEXT NOT NULL,"
"  data BLOB NOT NULL,"               /* Sealed. */
"  until_ms INTEGER NOT NULL,"
"  PRIMARY KEY (tenant, adapter, key)"
") STRICT;"
"CREATE INDEX messages_by_key ON messages (adapter, key);"
"CREATE INDEX messages_by_end ON messages (until_ms);"

"CREATE TABLE activated ("
"  kind TEXT NOT NULL,"
"  name TEXT NOT NULL,"
"  revision INTEGER NOT NULL,"
"  digest TEXT NOT NULL,"
"  at_ms INTEGER NOT NULL,"
"  PRIMARY KEY (kind, name)"
") STRICT, WITHOUT ROWID;";

static const char devices[] =
"CREATE TABLE devices ("
"  tenant TEXT NOT NULL,"
"  device_id TEXT NOT NULL,"
"  adapter TEXT NOT NULL,"
"  words TEXT NOT NULL,"              /* What it is looked up by, lower case. */
"  data TEXT NOT NULL,"               /* JSON, as the adapter told it. */
"  pass_ms INTEGER NOT NULL,"         /* The last pass that told it. */
"  updated_ms INTEGER NOT NULL,"
"  seen_ms INTEGER NOT NULL,"
"  PRIMARY KEY (tenant, device_id)"
") STRICT;"
"CREATE INDEX devices_by_pass ON devices (tenant, adapter, pass_ms);"

"CREATE TABLE device_passes ("
"  tenant TEXT NOT NULL,"
"  adapter TEXT NOT NULL,"
"  whole INTEGER NOT NULL CHECK (whole IN (0, 1)),"
"  began_ms INTEGER NOT NULL,"
"  cursor TEXT,"                      /* What is left; NULL: the pass has ended. */
"  next_since TEXT NOT NULL,"         /* Of this pass, for when it has ended. */
"  since TEXT,"                       /* Where the next pass may begin. */
"  PRIMARY KEY (tenant, adapter)"
") STRICT, WITHOUT ROWID;";

static const char tries[] =
"ALTER TABLE outbox ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;"  /* Never go back. */
"ALTER TABLE outbox ADD COLUMN rounds INTEGER NOT NULL DEFAULT 0;"; /* Begun anew. */

static const char lines[] =
"CREATE TABLE lines ("
"  tenant TEXT NOT NULL,"
"  id TEXT NOT NULL,"
"  msisdn TEXT NOT NULL,"
"  iccid TEXT,"
"  carrier TEXT NOT NULL,"
"  adapter TEXT NOT NULL,"
"  state TEXT NOT NULL,"
"  plan TEXT,"
"  order_id TEXT,"
"  version INTEGER NOT NULL,"
"  created_ms INTEGER NOT NULL,"
"  updated_ms INTEGER NOT NULL,"
"  PRIMARY KEY (tenant, id)"
") STRICT;"
"CREATE UNIQUE INDEX lines_in_service ON lines (tenant, msisdn)"
"  WHERE state <> 'DELETED';"
"CREATE INDEX lines_by_number ON lines (msisdn, adapter);"
"CREATE INDEX lines_by_iccid ON lines (tenant, iccid) WHERE iccid IS NOT NULL;";

static const char message_queues[] =
"CREATE TABLE message_queue ("
"  tenant TEXT NOT NULL,"
"  adapter TEXT NOT NULL,"
"  key TEXT NOT NULL,"
"  seq INTEGER NOT NULL DEFAULT 1,"   /* Rises, and is not used again. */
"  data BLOB NOT NULL,"               /* Sealed. */
"  until_ms INTEGER NOT NULL,"
"  PRIMARY KEY (tenant, adapter, key, seq)"
") STRICT;"
"INSERT INTO message_queue (tenant, adapter, key, data, until_ms)"
"  SELECT tenant, adapter, key, data, until_ms FROM messages;"
"DROP TABLE messages;"
"ALTER TABLE message_queue RENAME TO messages;"
"CREATE INDEX messages_by_key ON messages (adapter, key);"
"CREATE INDEX messages_by_end ON messages (until_ms);";

static const struct migration migrations[] = {
    { 1, "first tables", first_tables },
    { 2, "devices", devices },
    { 3, "tries and rounds", tries },
    { 4, "lines", lines },
    { 5, "message queues", message_queues },
};
/* clang-format on */

enum { MIGRATION_COUNT = sizeof migrations / sizeof migrations[0] };

int64_t schema_newest(void)
{
    return migrations[MIGRATION_COUNT - 1].version;
}

static bool migrate_one(struct db *db, const struct migration *migration,
                        struct err *err)
{
    if (!db_mark(db, DB_BEGIN_WRITE, err))
        return false;
    bool ok = db->driver->script(db, migration->sql, err) &&
              db->driver->write_version(db, migration->version, err) &&
              db_mark(db, DB_COMMIT, err);
    if (!ok && db->driver->in_transaction(db))
        db_mark(db, DB_ROLLBACK, NULL);
    return ok || err_wrap(err, "migrating to version %" PRId64 " (%s)",
                          migration->version, migration->name);
}

bool schema_migrate(struct db *db, struct err *err)
{
    int64_t version = 0;
    if (!db->driver->read_version(db, &version, err))
        return false;
    if (version > schema_newest())
        return err_set(err, ERR_CONFLICT,
                       "the database has version %" PRId64
                       ", this program knows up to %" PRId64 ": use the newer program",
                       version, schema_newest());
    for (size_t i = 0; i < MIGRATION_COUNT; i++)
        if (migrations[i].version > version && !migrate_one(db, &migrations[i], err))
            return false;
    return true;
}
