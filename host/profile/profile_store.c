#include "profile/profile_store.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/json.h"
#include "profile/identifier.h"
#include "profile/profile_state.h"
#include "store/db_page.h"
#include "store/event_log.h"

enum { CODE_LIMIT_BYTES = 512, CONTEXT_SIZE = 64 };

#define COLUMNS                                                                  \
    "iccid, order_id, carrier, state, device_state, eid, msisdn, profile_type, " \
    "smdp_address, version, created_ms, updated_ms, code_sealed IS NOT NULL"

/* ---- reading ---- */

static void put_time(json_t *object, const char *key, int64_t ms)
{
    char text[CLOCK_TEXT_SIZE];
    clock_text(ms, text);
    json_put_text(object, key, text);
}

static json_t *profile_json(const struct db_row *row)
{
    static const char *const names[] = { "iccid",  "order_id",     "carrier",
                                         "state",  "device_state", "eid",
                                         "msisdn", "profile_type", "smdp_address" };
    json_t *profile = json_object();
    for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++)
        json_put_text(profile, names[i], row_text(row, i));
    json_put_int(profile, "version", row_int(row, 9));
    put_time(profile, "created", row_int(row, 10));
    put_time(profile, "updated", row_int(row, 11));
    json_object_set_new(profile, "has_code", json_boolean(row_int(row, 12)));
    return profile;
}

static bool read_profile(const struct db_row *row, void *arg, struct err *err)
{
    (void)err;
    *(json_t **)arg = profile_json(row);
    return true;
}

/* What is no ICCID is a profile that does not exist. */
static bool canonical(const char *iccid, struct iccid *ret, struct err *err)
{
    return iccid_read(slice_of(iccid), "/iccid", ret, NULL) ||
           err_set(err, ERR_NOT_FOUND, "no profile %.40s", iccid);
}

bool profile_show(struct db *db, const char *tenant, const char *iccid, json_t **ret,
                  struct err *err)
{
    struct iccid id;
    if (!canonical(iccid, &id, err))
        return false;
    if (!db_one(db, "SELECT " COLUMNS " FROM profiles WHERE tenant = $1 AND iccid = $2",
                DB_ARGS(db_text(tenant), db_text(id.digits)), read_profile, ret, err))
        return err_wrap(err, "profile %s", id.digits);
    return true;
}

bool profile_list(struct db *db, const struct profile_query *query, json_t **ret_array,
                  bool *ret_more, struct err *err)
{
    const struct db_page page = { read_profile, query->limit };
    return db_page(db, &page,
                   "SELECT " COLUMNS " FROM profiles WHERE tenant = $1 AND iccid > $2 "
                   "AND ($3 IS NULL OR state = $3) AND ($4 IS NULL OR carrier = $4) "
                   "ORDER BY iccid LIMIT $5",
                   DB_ARGS(db_text(query->tenant), db_text(query->after_iccid),
                           db_text(query->state), db_text(query->carrier),
                           db_int(query->limit + 1)),
                   ret_array, ret_more, err);
}

/* ---- the activation code ---- */

static void code_context(const char *iccid, char ret[CONTEXT_SIZE])
{
    int length = snprintf(ret, CONTEXT_SIZE, "profiles/code/%s", iccid);
    assert(length > 0 && length < CONTEXT_SIZE);
}

struct revealing {
    const struct sealer *sealer;
    const char *tenant;
    const char *iccid;
    struct buf *ret;
};

static bool read_code(const struct db_row *row, void *arg, struct err *err)
{
    struct revealing *it = arg;
    char context[CONTEXT_SIZE];
    if (row_is_null(row, 0))
        return err_set(err, ERR_CONFLICT, "profile %s has no activation code",
                       it->iccid);
    code_context(it->iccid, context);
    return seal_open(it->sealer, it->tenant, context, row_bytes(row, 0), it->ret, err);
}

bool profile_reveal(struct db *db, const struct sealer *sealer, const char *tenant,
                    const char *iccid, struct buf *ret, struct err *err)
{
    struct iccid id;
    if (!canonical(iccid, &id, err))
        return false;
    struct revealing it = { sealer, tenant, id.digits, ret };
    if (!db_one(db, "SELECT code_sealed FROM profiles WHERE tenant = $1 AND iccid = $2",
                DB_ARGS(db_text(tenant), db_text(id.digits)), read_code, &it, err))
        return err_wrap(err, "the activation code of profile %s", id.digits);
    return true;
}

struct owner {
    char *tenant;
    char *order_id;
};

static bool read_owner(const struct db_row *row, void *arg, struct err *err)
{
    struct owner *owner = arg;
    return row_copy(row, 0, owner->tenant, 64, err) &&
           row_copy(row, 1, owner->order_id, 37, err);
}

bool profile_owner(struct db *db, const char *adapter, const char *iccid,
                   char ret_tenant[64], char ret_order_id[37], struct err *err)
{
    struct iccid id;
    struct owner owner = { ret_tenant, ret_order_id };
    return canonical(iccid, &id, err) &&
           db_one(db,
                  "SELECT tenant, order_id FROM profiles WHERE adapter = $1 "
                  "AND iccid = $2 ORDER BY created_ms DESC LIMIT 1",
                  DB_ARGS(db_text(adapter), db_text(id.digits)), read_owner, &owner,
                  err);
}

static bool read_adapter(const struct db_row *row, void *arg, struct err *err)
{
    return row_copy(row, 0, arg, 64, err);
}

bool profile_holder(struct db *db, const char *tenant, const char *iccid,
                    char ret_adapter[64], struct err *err)
{
    struct iccid id;
    return canonical(iccid, &id, err) &&
           db_one(db, "SELECT adapter FROM profiles WHERE tenant = $1 AND iccid = $2",
                  DB_ARGS(db_text(tenant), db_text(id.digits)), read_adapter,
                  ret_adapter, err);
}

/* ---- learning ---- */

struct present {
    bool exists;
    char state[16];
    char device_state[16];
    char order_id[37];
};

static bool read_present(const struct db_row *row, void *arg, struct err *err)
{
    struct present *present = arg;
    present->exists = true;
    return row_copy(row, 0, present->state, sizeof present->state, err) &&
           row_copy(row, 1, present->device_state, sizeof present->device_state, err) &&
           row_copy(row, 2, present->order_id, sizeof present->order_id, err);
}

static bool write_row(struct db *db, const struct profile_news *news,
                      const struct present *present, struct slice code, struct err *err)
{
    const char *state = news->state != NULL ? news->state
                        : present->exists   ? present->state
                                            : "Allocated";
    const char *device = news->device_state != NULL ? news->device_state
                         : present->exists          ? present->device_state
                                                    : "pending";
    return db_run(
        db,
        "INSERT INTO profiles (tenant, iccid, order_id, carrier, adapter, state, "
        "device_state, eid, msisdn, profile_type, smdp_address, code_sealed, version, "
        "created_ms, updated_ms) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13, $13) "
        "ON CONFLICT (tenant, iccid) DO UPDATE SET "
        "order_id = COALESCE(NULLIF(excluded.order_id, ''), profiles.order_id), "
        "state = excluded.state, device_state = excluded.device_state, "
        "eid = COALESCE(excluded.eid, profiles.eid), "
        "msisdn = COALESCE(excluded.msisdn, profiles.msisdn), "
        "profile_type = COALESCE(excluded.profile_type, profiles.profile_type), "
        "smdp_address = COALESCE(excluded.smdp_address, profiles.smdp_address), "
        "code_sealed = COALESCE(excluded.code_sealed, profiles.code_sealed), "
        "version = profiles.version + 1, updated_ms = excluded.updated_ms",
        DB_ARGS(db_text(news->tenant), db_text(news->iccid),
                db_text(news->order_id == NULL ? "" : news->order_id),
                db_text(news->carrier), db_text(news->adapter), db_text(state),
                db_text(device), db_text(news->eid), db_text(news->msisdn),
                db_text(news->profile_type), db_text(news->smdp_address),
                code.size == 0 ? db_null() : db_bytes(code), db_int(news->at_ms)),
        NULL, err);
}

static bool store_news(struct db *db, const struct sealer *sealer,
                       const struct profile_news *news, const struct present *present,
                       struct err *err)
{
    struct buf sealed;
    char context[CONTEXT_SIZE];
    buf_init(&sealed, CODE_LIMIT_BYTES);
    code_context(news->iccid, context);
    bool ok = (news->activation_code == NULL ||
               seal(sealer, news->tenant, context, slice_of(news->activation_code),
                    &sealed, err)) &&
              write_row(db, news, present, buf_slice(&sealed), err);
    buf_finish(&sealed);
    return ok;
}

/* The table of SGP.22 3.1.6, a repetition, or the first word about this profile. */
static bool is_expected(const struct present *present, const char *state)
{
    enum profile_state from, to;
    if (!present->exists || strcmp(present->state, state) == 0)
        return true;
    return profile_state_read(present->state, &from) &&
           profile_state_read(state, &to) && profile_state_leads_to(from, to);
}

static bool tell(struct db *db, const struct profile_news *news,
                 const struct present *present, struct err *err)
{
    char resource[48], diff[128], data[160], subject[64];
    const char *was = present->exists ? present->state : "";
    bool expected = is_expected(present, news->state);
    bool callback = strncmp(news->origin, "callback/", 9) == 0;
    int a = snprintf(resource, sizeof resource, "profile/%s", news->iccid);
    int b = snprintf(diff, sizeof diff, "{\"state\":[\"%s\",\"%s\"]}", was,
                     news->state);
    int c = snprintf(data, sizeof data, "{\"state\":\"%s\",\"was\":\"%s\"}",
                     news->state, was);
    int d = snprintf(subject, sizeof subject, "%s%.50s", callback ? "adapter:" : "host",
                     callback ? news->adapter : "");
    assert(a > 0 && b > 0 && c > 0 && d > 0);
    struct audit_record record = {
        .tenant = news->tenant,
        .subject = subject,
        .action = "profile.state",
        .resource = resource,
        .outcome = "done",
        .reason = expected ? news->origin
                           : "the carrier told a state that the table does not lead to",
        .trace = news->trace,
        .diff = diff,
    };
    return audit_write(db, &record, err) &&
           event_append(db, news->tenant, "profile.state", resource, data, news->trace,
                        err);
}

static bool state_is_sound(const struct profile_news *news,
                           const struct present *present, struct err *err)
{
    enum profile_state known;
    if (news->state == NULL)
        return true;
    if (!profile_state_read(news->state, &known))
        return err_field(err, "/state",
                         "expected a profile state of SGP.22 3.1.6, found \"%.40s\"",
                         news->state);
    bool told = strncmp(news->origin, "callback/", 9) == 0 ||
                strncmp(news->origin, "order/", 6) == 0;
    return told || is_expected(present, news->state) ||
           err_set(err, ERR_CONFLICT, "a profile that is %s cannot become %s",
                   present->state, news->state);
}

bool profile_learn(struct db *db, const struct sealer *sealer,
                   const struct profile_news *news, struct err *err)
{
    struct present present = { .exists = false };
    if (!db_each(db,
                 "SELECT state, device_state, order_id FROM profiles "
                 "WHERE tenant = $1 AND iccid = $2",
                 DB_ARGS(db_text(news->tenant), db_text(news->iccid)), read_present,
                 &present, err) ||
        !state_is_sound(news, &present, err) ||
        !store_news(db, sealer, news, &present, err))
        return false;
    bool moved = news->state != NULL &&
                 (!present.exists || strcmp(present.state, news->state) != 0);
    return !moved || tell(db, news, &present, err);
}
