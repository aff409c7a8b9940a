#include "order/fact.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "profile/identifier.h"
#include "profile/line_store.h"
#include "profile/profile_store.h"
#include "store/event_log.h"

enum { KEY_SIZE = 128, TENANT_SIZE = 64, KEEP_MESSAGE_MS = 86400000 };

#define NOBODYS "default"

static bool copy(struct esim_bytes bytes, char *ret, size_t size, const char *what,
                 struct err *err)
{
    return slice_copy(slice_bytes(bytes.ptr, bytes.size), ret, size) ||
           err_set(err, ERR_INVALID, "a fact's %s is longer than %zu bytes", what,
                   size - 1);
}

/* Whose it is as long as nothing tells whose it is. */
static const char *whose(const struct outbox_origin *origin)
{
    return origin->tenant == NULL ? NOBODYS : origin->tenant;
}

static bool is_new(struct db *db, const char *tenant, const char *adapter,
                   const char *id, bool *ret_new, struct err *err)
{
    int64_t added = 0;
    bool ok = db_run(db,
                     "INSERT INTO inbox (tenant, adapter, fact_id, at_ms) "
                     "VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                     DB_ARGS(db_text(tenant), db_text(adapter), db_text(id),
                             db_int(clock_wall_ms())),
                     &added, err);
    *ret_new = added == 1;
    return ok;
}

static bool tell_notice(struct db *db, const char *tenant, const char *adapter,
                        const char *type, const char *resource, const json_t *data,
                        struct err *err)
{
    json_t *all = json_deep_copy(data);
    json_put_text(all, "adapter", adapter);
    struct buf text;
    buf_init(&text, 64 * 1024);
    json_write(all, &text);
    json_decref(all);
    bool ok = buf_ok(&text)
                  ? event_append(db, tenant, type, resource, text.ptr, NULL, err)
                  : err_set(err, ERR_LIMIT, "a fact's data is too long");
    buf_finish(&text);
    return ok;
}

static void resource_of(const char *kind, const char *name, char ret[64])
{
    int length = snprintf(ret, 64, "%s/%s", kind, name);
    assert(length > 0 && length < 64);
}

struct profile_fact {
    const char *adapter;
    const char *id;
    char iccid[ICCID_SIZE];
    char tenant[TENANT_SIZE];
    char order_id[ID_SIZE];
    const json_t *data;
};

static bool learn(struct db *db, const struct sealer *sealer,
                  const struct profile_fact *fact, struct err *err)
{
    char origin[80], resource[64];
    int length = snprintf(origin, sizeof origin, "callback/%.60s", fact->adapter);
    assert(length > 0);
    resource_of("profile", fact->iccid, resource);
    struct profile_news news = {
        .tenant = fact->tenant,
        .iccid = fact->iccid,
        .order_id = fact->order_id,
        .carrier = fact->adapter,
        .adapter = fact->adapter,
        .state = json_text(fact->data, "state"),
        .device_state = json_text(fact->data, "state") != NULL &&
                                strcmp(json_text(fact->data, "state"), "Installed") == 0
                            ? "installed"
                            : NULL,
        .eid = json_text(fact->data, "eid"),
        .origin = origin,
        .at_ms = clock_wall_ms(),
    };
    return profile_learn(db, sealer, &news, err) &&
           tell_notice(db, fact->tenant, fact->adapter, "profile.notice", resource,
                       fact->data, err);
}

/* What came on one tenant's line says nothing of another's profiles. */
static bool may_speak_of(const struct outbox_origin *origin, const char *tenant)
{
    char listed[TENANT_SIZE + 2];
    int length = snprintf(listed, sizeof listed, ",%s,", tenant);
    assert(length > 0 && length < (int)sizeof listed);
    return origin->tenant != NULL
               ? strcmp(origin->tenant, tenant) == 0
               : origin->others == NULL || strstr(origin->others, listed) == NULL;
}

static bool store_profile(struct db *db, const struct sealer *sealer,
                          const struct outbox_origin *origin, struct profile_fact *fact,
                          const char *key, struct err *err)
{
    struct iccid iccid;
    bool fresh = false;
    struct err why = ERR_INIT;
    if (!iccid_read(slice_of(key), "/key", &iccid, err))
        return false;
    memcpy(fact->iccid, iccid.digits, sizeof fact->iccid);
    bool ours = profile_owner(db, fact->adapter, fact->iccid, fact->tenant,
                              fact->order_id, &why);
    if (!ours && why.code != ERR_NOT_FOUND) {
        *err = why;
        return false;
    }
    ours = ours && may_speak_of(origin, fact->tenant);
    if (!is_new(db, ours ? fact->tenant : whose(origin), fact->adapter, fact->id,
                &fresh, err))
        return false;
    if (!fresh)
        return true;
    if (ours)
        return learn(db, sealer, fact, err);
    log_line(LOG_WARN, "callback.unknown_profile", LOG_TEXT("adapter", fact->adapter),
             LOG_TEXT("iccid", fact->iccid));
    char resource[64];
    resource_of("profile", fact->iccid, resource);
    return tell_notice(db, whose(origin), fact->adapter, "profile.unknown", resource,
                       fact->data, err);
}

static bool learn_line(struct db *db, const struct outbox_origin *origin,
                       const char *tenant, const char *msisdn, const json_t *data,
                       struct err *err)
{
    char source[80];
    int length = snprintf(source, sizeof source, "carrier/%.60s", origin->adapter);
    assert(length > 0);
    struct line_news news = { .tenant = tenant,
                              .msisdn = msisdn,
                              .adapter = origin->adapter,
                              .state = json_text(data, "state"),
                              .iccid = json_text(data, "iccid"),
                              .origin = source,
                              .at_ms = clock_wall_ms() };
    if (news.state == NULL)
        return err_field(err, "/data/state", "a fact about a line has no state");
    return line_learn(db, &news, err);
}

/* As store_profile: a line that nobody has here is an event, so that somebody sees it. */
static bool store_line(struct db *db, const struct outbox_origin *origin,
                       const char *id, const char *key, const json_t *data,
                       struct err *err)
{
    char msisdn[MSISDN_SIZE], tenant[TENANT_SIZE] = "", resource[64];
    bool fresh = false;
    struct err why = ERR_INIT;
    if (!line_number_read(key, msisdn, err))
        return false;
    bool ours = line_owner(db, origin->adapter, msisdn, tenant, &why);
    if (!ours && why.code != ERR_NOT_FOUND) {
        *err = why;
        return false;
    }
    ours = ours && may_speak_of(origin, tenant);
    if (!is_new(db, ours ? tenant : whose(origin), origin->adapter, id, &fresh, err))
        return false;
    if (!fresh || ours)
        return !fresh || learn_line(db, origin, tenant, msisdn, data, err);
    log_line(LOG_WARN, "fact.unknown_line", LOG_TEXT("adapter", origin->adapter));
    resource_of("number", msisdn, resource);
    return tell_notice(db, whose(origin), origin->adapter, "line.unknown", resource,
                       data, err);
}

static bool store_message(struct db *db, const struct sealer *sealer,
                          const struct outbox_origin *origin, const char *id,
                          const char *key, struct slice payload, struct err *err)
{
    bool fresh = false;
    return is_new(db, whose(origin), origin->adapter, id, &fresh, err) &&
           (!fresh || outbox_deliver(db, sealer, origin, key, payload,
                                     clock_wall_ms() + KEEP_MESSAGE_MS, err));
}

bool fact_store(struct db *db, const struct sealer *sealer,
                const struct outbox_origin *origin, const struct esim_fact *fact,
                struct err *err)
{
    char kind[32], key[KEY_SIZE], id[KEY_SIZE];
    struct slice data = slice_bytes(fact->data.ptr, fact->data.size);
    if (!copy(fact->kind, kind, sizeof kind, "kind", err) ||
        !copy(fact->key, key, sizeof key, "key", err) ||
        !copy(fact->id, id, sizeof id, "id", err))
        return false;
    if (id[0] == '\0')
        return err_set(err, ERR_INVALID, "a fact has no id");
    if (strcmp(kind, "message") == 0)
        return store_message(db, sealer, origin, id, key, data, err);
    bool is_line = strcmp(kind, "line") == 0;
    if (!is_line && strcmp(kind, "profile") != 0)
        return err_set(err, ERR_INVALID, "a fact of the unknown kind \"%s\"", kind);
    json_t *value = json_read(data, err);
    struct profile_fact profile = { .adapter = origin->adapter,
                                    .id = id,
                                    .data = value };
    bool ok = false;
    if (!json_is_object(value))
        err_set(err, ERR_INVALID, "a fact's data is not a JSON object");
    else if (is_line)
        ok = store_line(db, origin, id, key, value, err);
    else
        ok = store_profile(db, sealer, origin, &profile, key, err);
    json_decref(value);
    return ok;
}
