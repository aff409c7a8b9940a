#include "profile/line_store.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/json.h"
#include "profile/profile_state.h"
#include "store/db_page.h"
#include "store/event_log.h"

#define COLUMNS                                                                \
    "id, msisdn, iccid, carrier, state, plan, order_id, version, created_ms, " \
    "updated_ms"

/* The line of a number that counts: one that has not ended, else the last one. */
#define NEWEST " ORDER BY state = 'DELETED', id DESC LIMIT 1"

bool line_number_read(const char *text, char ret[MSISDN_SIZE], struct err *err)
{
    char spelt[MSISDN_SIZE + 1];
    int length = snprintf(spelt, sizeof spelt, "%s%s", text[0] == '+' ? "" : "+", text);
    return msisdn_read(slice_bytes(spelt, strnlen(spelt, sizeof spelt - 1)), NULL,
                       "/msisdn", ret, err) &&
           (length < (int)sizeof spelt ||
            err_field(err, "/msisdn", "a number has at most 15 digits"));
}

/* ---- reading ---- */

static void put_time(json_t *object, const char *key, int64_t ms)
{
    char text[CLOCK_TEXT_SIZE];
    clock_text(ms, text);
    json_put_text(object, key, text);
}

static json_t *line_json(const struct db_row *row)
{
    static const char *const names[] = { "id",    "msisdn", "iccid",   "carrier",
                                         "state", "plan",   "order_id" };
    json_t *line = json_object();
    for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++)
        json_put_text(line, names[i], row_text(row, i));
    json_put_int(line, "version", row_int(row, 7));
    put_time(line, "created", row_int(row, 8));
    put_time(line, "updated", row_int(row, 9));
    return line;
}

static bool read_line(const struct db_row *row, void *arg, struct err *err)
{
    (void)err;
    *(json_t **)arg = line_json(row);
    return true;
}

bool line_show(struct db *db, const char *tenant, const char *name, json_t **ret,
               struct err *err)
{
    bool found = name[0] == '+'
                     ? db_one(db,
                              "SELECT " COLUMNS " FROM lines WHERE tenant = $1 "
                              "AND msisdn = $2" NEWEST,
                              DB_ARGS(db_text(tenant), db_text(name)), read_line, ret,
                              err)
                     : db_one(db,
                              "SELECT " COLUMNS " FROM lines WHERE tenant = $1 "
                              "AND id = $2",
                              DB_ARGS(db_text(tenant), db_text(name)), read_line, ret,
                              err);
    return found || err_wrap(err, "line %.40s", name);
}

bool line_list(struct db *db, const struct line_query *query, json_t **ret_array,
               bool *ret_more, struct err *err)
{
    const struct db_page page = { read_line, query->limit };
    return db_page(db, &page,
                   "SELECT " COLUMNS " FROM lines WHERE tenant = $1 AND id > $2 "
                   "AND ($3 IS NULL OR state = $3) AND ($4 IS NULL OR carrier = $4) "
                   "AND ($5 IS NULL OR msisdn = $5) AND ($6 IS NULL OR iccid = $6) "
                   "ORDER BY id LIMIT $7",
                   DB_ARGS(db_text(query->tenant), db_text(query->after_id),
                           db_text(query->state), db_text(query->carrier),
                           db_text(query->msisdn), db_text(query->iccid),
                           db_int(query->limit + 1)),
                   ret_array, ret_more, err);
}

static bool read_owner(const struct db_row *row, void *arg, struct err *err)
{
    return row_copy(row, 0, arg, 64, err);
}

bool line_owner(struct db *db, const char *adapter, const char *msisdn,
                char ret_tenant[64], struct err *err)
{
    return db_one(
        db, "SELECT tenant FROM lines WHERE adapter = $1 AND msisdn = $2" NEWEST,
        DB_ARGS(db_text(adapter), db_text(msisdn)), read_owner, ret_tenant, err);
}

/* ---- learning ---- */

struct present {
    bool exists;
    char id[ID_SIZE];
    char state[16];
};

static bool read_present(const struct db_row *row, void *arg, struct err *err)
{
    struct present *present = arg;
    present->exists = true;
    return row_copy(row, 0, present->id, sizeof present->id, err) &&
           row_copy(row, 1, present->state, sizeof present->state, err);
}

static bool has_ended(const struct present *present, const char *state)
{
    return strcmp(present->state, "DELETED") == 0 && strcmp(state, "DELETED") != 0;
}

static bool add(struct db *db, const struct line_news *news, const char *id,
                struct err *err)
{
    return db_run(db,
                  "INSERT INTO lines (tenant, id, msisdn, iccid, carrier, adapter, "
                  "state, plan, order_id, version, created_ms, updated_ms) "
                  "VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, 1, $9, $9)",
                  DB_ARGS(db_text(news->tenant), db_text(id), db_text(news->msisdn),
                          db_text(news->iccid), db_text(news->adapter),
                          db_text(news->state), db_text(news->plan),
                          db_text(news->order_id), db_int(news->at_ms)),
                  NULL, err);
}

static bool change(struct db *db, const struct line_news *news, const char *id,
                   struct err *err)
{
    return db_run(db,
                  "UPDATE lines SET state = $3, iccid = COALESCE($4, iccid), "
                  "carrier = $5, adapter = $5, plan = COALESCE($6, plan), "
                  "order_id = COALESCE($7, order_id), version = version + 1, "
                  "updated_ms = $8 WHERE tenant = $1 AND id = $2",
                  DB_ARGS(db_text(news->tenant), db_text(id), db_text(news->state),
                          db_text(news->iccid), db_text(news->adapter),
                          db_text(news->plan), db_text(news->order_id),
                          db_int(news->at_ms)),
                  NULL, err);
}

/* Does one order lead from there to here? */
static bool is_expected(const char *was, const char *state)
{
    enum line_state from, to;
    if (was[0] == '\0' || !line_state_read(was, &from))
        return true;
    for (int event = 0; event < LINE_EVENT_COUNT; event++)
        if (line_state_next(from, (enum line_event)event, &to, NULL) &&
            strcmp(line_state_name(to), state) == 0)
            return true;
    return false;
}

static bool tell(struct db *db, const struct line_news *news, const char *id,
                 const char *was, struct err *err)
{
    char resource[48], diff[64], data[192], subject[64];
    bool told = strncmp(news->origin, "carrier/", 8) == 0;
    int a = snprintf(resource, sizeof resource, "line/%s", id);
    int b = snprintf(diff, sizeof diff, "{\"state\":[\"%s\",\"%s\"]}", was,
                     news->state);
    int c = snprintf(data, sizeof data,
                     "{\"state\":\"%s\",\"was\":\"%s\",\"msisdn\":\"%s\","
                     "\"carrier\":\"%.63s\"}",
                     news->state, was, news->msisdn, news->adapter);
    int d = snprintf(subject, sizeof subject, "%s%.50s", told ? "adapter:" : "host",
                     told ? news->adapter : "");
    assert(a > 0 && b > 0 && c > 0 && c < (int)sizeof data && d > 0);
    struct audit_record record = {
        .tenant = news->tenant,
        .subject = subject,
        .action = "line.state",
        .resource = resource,
        .outcome = "done",
        .reason = is_expected(was, news->state)
                      ? news->origin
                      : "the carrier told a state that the table does not lead to",
        .trace = news->trace,
        .diff = diff,
    };
    return audit_write(db, &record, err) &&
           event_append(db, news->tenant, "line.changed", resource, data, news->trace,
                        err);
}

bool line_learn(struct db *db, const struct line_news *news, struct err *err)
{
    enum line_state known;
    struct present present = { .exists = false };
    char fresh[ID_SIZE];
    if (!line_state_read(news->state, &known))
        return err_field(err, "/line_state",
                         "expected PROVISIONED, ACTIVE, SUSPENDED or DELETED, found "
                         "\"%.40s\"",
                         news->state);
    if (!db_each(db,
                 "SELECT id, state FROM lines WHERE tenant = $1 AND msisdn = $2" NEWEST,
                 DB_ARGS(db_text(news->tenant), db_text(news->msisdn)), read_present,
                 &present, err))
        return false;
    if (present.exists && !has_ended(&present, news->state))
        return change(db, news, present.id, err) &&
               (strcmp(present.state, news->state) == 0 ||
                tell(db, news, present.id, present.state, err));
    id_new(fresh);
    return add(db, news, fresh, err) && tell(db, news, fresh, "", err);
}
