#include "api/key_store.h"

#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/json.h"

static const char sql_insert_key[] =
    "INSERT INTO api_keys (tenant, id, prefix, hash, subject, roles, created_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)";
static const char sql_key_by_prefix[] =
    "SELECT id, prefix, hash, subject, tenant, roles FROM api_keys"
    " WHERE prefix = $1 AND revoked_ms IS NULL";
static const char sql_keys_of_tenant[] =
    "SELECT id, prefix, subject, roles, created_ms, revoked_ms, last_used_ms"
    " FROM api_keys WHERE tenant = $1 ORDER BY created_ms, id";
static const char sql_revoke_key[] =
    "UPDATE api_keys SET revoked_ms = COALESCE(revoked_ms, $3)"
    " WHERE tenant = $1 AND id = $2";
static const char sql_key_used[] =
    "UPDATE api_keys SET last_used_ms = $3 WHERE tenant = $1 AND id = $2";
static const char sql_insert_tenant[] =
    "INSERT INTO tenants (tenant, name, created_ms) VALUES ($1, $2, $3)";
static const char sql_tenant[] = "SELECT 1 FROM tenants WHERE tenant = $1";
static const char sql_tenants[] =
    "SELECT tenant, name, created_ms FROM tenants ORDER BY tenant";

static bool no_row(const struct db_row *row, void *arg, struct err *err)
{
    (void)row, (void)arg, (void)err;
    return true;
}

bool tenant_exists(struct db *db, const char *name, bool *ret, struct err *err)
{
    struct err found = ERR_INIT;
    *ret = db_one(db, sql_tenant, DB_ARGS(db_text(name)), no_row, NULL, &found);
    if (*ret || found.code == ERR_NOT_FOUND)
        return true;
    *err = found;
    return false;
}

bool tenant_create(struct db *db, const char *name, const char *text, struct err *err)
{
    bool there;
    if (!tenant_exists(db, name, &there, err))
        return false;
    if (there)
        return err_set(err, ERR_CONFLICT, "there is a tenant %s", name);
    return db_run(db, sql_insert_tenant,
                  DB_ARGS(db_text(name), db_text(text == NULL ? name : text),
                          db_int(clock_wall_ms())),
                  NULL, err);
}

static void put_time(json_t *object, const char *key, const struct db_row *row,
                     int column)
{
    char text[CLOCK_TEXT_SIZE];
    if (row_is_null(row, column))
        return;
    clock_text(row_int(row, column), text);
    json_put_text(object, key, text);
}

static bool tenant_row(const struct db_row *row, void *arg, struct err *err)
{
    (void)err;
    json_t *item = json_object();
    json_put_text(item, "tenant", row_text(row, 0));
    json_put_text(item, "name", row_text(row, 1));
    put_time(item, "created", row, 2);
    return json_array_append_new(arg, item) == 0;
}

bool tenant_list(struct db *db, json_t **ret, struct err *err)
{
    json_t *list = json_array();
    if (!db_each(db, sql_tenants, DB_NO_ARGS, tenant_row, list, err)) {
        json_decref(list);
        return false;
    }
    *ret = list;
    return true;
}

bool api_key_create(struct db *db, struct api_key_new *key, struct err *err)
{
    bool there;
    if (!tenant_exists(db, key->tenant, &there, err))
        return false;
    if (!there)
        return err_set(err, ERR_NOT_FOUND, "there is no tenant %s", key->tenant);
    char prefix[KEY_PREFIX_SIZE];
    uint8_t hash[DIGEST_SIZE];
    id_new(key->id);
    key_text_new(key->text);
    if (!key_text_read(slice_of(key->text), prefix, hash))
        return err_set(err, ERR_INTERNAL, "a new key does not check");
    struct buf roles;
    buf_init(&roles, 4096);
    json_write(key->roles, &roles);
    bool ok = db_run(db, sql_insert_key,
                     DB_ARGS(db_text(key->tenant), db_text(key->id), db_text(prefix),
                             db_bytes(slice_bytes(hash, sizeof hash)),
                             db_text(key->subject), db_slice(buf_slice(&roles)),
                             db_int(clock_wall_ms())),
                     NULL, err);
    buf_finish(&roles);
    return ok;
}

static bool key_row(const struct db_row *row, void *arg, struct err *err)
{
    struct api_key *key = arg;
    struct slice hash = row_bytes(row, 2);
    if (hash.size != sizeof key->hash)
        return err_set(err, ERR_CORRUPT, "the hash of a key has %zu bytes", hash.size);
    memcpy(key->hash, hash.ptr, sizeof key->hash);
    if (!row_copy(row, 0, key->id, sizeof key->id, err) ||
        !row_copy(row, 1, key->prefix, sizeof key->prefix, err) ||
        !row_copy(row, 3, key->subject, sizeof key->subject, err) ||
        !row_copy(row, 4, key->tenant, sizeof key->tenant, err))
        return false;
    key->roles = json_read(slice_of(row_text(row, 5)), err);
    return key->roles != NULL;
}

bool api_key_by_prefix(struct db *db, const char *prefix, struct api_key *ret,
                       struct err *err)
{
    *ret = (struct api_key){ .roles = NULL };
    return db_one(db, sql_key_by_prefix, DB_ARGS(db_text(prefix)), key_row, ret, err);
}

static bool key_item(const struct db_row *row, void *arg, struct err *err)
{
    json_t *roles = json_read(slice_of(row_text(row, 3)), err);
    if (roles == NULL)
        return false;
    json_t *item = json_object();
    json_put_text(item, "id", row_text(row, 0));
    json_put_text(item, "prefix", row_text(row, 1));
    json_put_text(item, "subject", row_text(row, 2));
    json_object_set_new(item, "roles", roles);
    put_time(item, "created", row, 4);
    put_time(item, "revoked", row, 5);
    put_time(item, "last_used", row, 6);
    return json_array_append_new(arg, item) == 0;
}

bool api_key_list(struct db *db, const char *tenant, json_t **ret, struct err *err)
{
    json_t *list = json_array();
    if (!db_each(db, sql_keys_of_tenant, DB_ARGS(db_text(tenant)), key_item, list,
                 err)) {
        json_decref(list);
        return false;
    }
    *ret = list;
    return true;
}

bool api_key_revoke(struct db *db, const char *tenant, const char *id, struct err *err)
{
    int64_t changed;
    if (!db_run(db, sql_revoke_key,
                DB_ARGS(db_text(tenant), db_text(id), db_int(clock_wall_ms())),
                &changed, err))
        return false;
    return changed == 1 || err_set(err, ERR_NOT_FOUND, "there is no key %s", id);
}

bool api_key_used(struct db *db, const char *tenant, const char *id, int64_t at_ms,
                  struct err *err)
{
    return db_run(db, sql_key_used,
                  DB_ARGS(db_text(tenant), db_text(id), db_int(at_ms)), NULL, err);
}

static bool bootstrap(struct db *db, void *arg, struct err *err)
{
    struct api_key_new *key = arg;
    bool there;
    if (!tenant_exists(db, key->tenant, &there, err) ||
        (!there && !tenant_create(db, key->tenant, NULL, err)) ||
        !api_key_create(db, key, err))
        return false;
    char resource[ID_SIZE + 8] = "key/";
    memcpy(resource + 4, key->id, sizeof key->id);
    struct audit_record record = { .tenant = key->tenant,
                                   .subject = "host",
                                   .action = "key.create",
                                   .resource = resource,
                                   .outcome = "done",
                                   .reason = "esimd --create-key" };
    return audit_write(db, &record, err);
}

bool keys_bootstrap(struct store *store, const char *tenant, const char *role,
                    const char *subject, char ret[KEY_TEXT_SIZE], struct err *err)
{
    json_t *roles = json_pack("[s]", role);
    struct api_key_new key = { .tenant = tenant, .subject = subject, .roles = roles };
    bool ok = store_write_now(store, bootstrap, &key, err);
    if (ok)
        memcpy(ret, key.text, KEY_TEXT_SIZE);
    explicit_bzero(key.text, sizeof key.text);
    json_decref(roles);
    return ok;
}
