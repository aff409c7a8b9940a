#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "order/order.h"
#include "order/order_vars.h"
#include "order/plan.h"
#include "store/db_page.h"

static void put_time(json_t *object, const char *key, int64_t ms)
{
    if (ms == 0)
        return;
    char text[CLOCK_TEXT_SIZE];
    clock_text(ms, text);
    json_put_text(object, key, text);
}

static void put_json(json_t *object, const char *key, const char *text)
{
    json_t *value = text == NULL ? NULL : json_read(slice_of(text), NULL);
    if (value != NULL)
        json_object_set_new(object, key, value);
}

/* One list of columns for the whole and the short form. */
#define COLUMNS                                                                  \
    "id, type, state, adapter, plan, external_id, subject, iccid, eid, msisdn, " \
    "profile_type, held_for, problem, policy_revision, decision_id, version, "   \
    "created_ms, updated_ms"
enum { COLUMN_CREATED = 16 };

static bool read_order(const struct db_row *row, void *arg, struct err *err)
{
    static const char *const names[] = { "id",      "type",         "state",
                                         "carrier", "plan",         "external_id",
                                         "subject", "iccid",        "eid",
                                         "msisdn",  "profile_type", "held_for" };
    (void)err;
    json_t *order = json_object();
    for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++)
        if (row_text(row, i) != NULL && row_text(row, i)[0] != '\0')
            json_put_text(order, names[i], row_text(row, i));
    put_json(order, "problem", row_text(row, 12));
    json_put_int(order, "policy_revision", row_int(row, 13));
    json_put_text(order, "decision_id", row_text(row, 14));
    json_put_int(order, "version", row_int(row, 15));
    put_time(order, "created", row_int(row, COLUMN_CREATED));
    put_time(order, "updated", row_int(row, 17));
    *(json_t **)arg = order;
    return true;
}

static bool read_step(const struct db_row *row, void *arg, struct err *err)
{
    json_t *steps = arg;
    (void)err;
    json_t *step = json_object();
    json_put_int(step, "position", row_int(row, 0));
    json_put_text(step, "capability", row_text(row, 1));
    json_put_text(step, "kind", row_text(row, 2));
    json_put_text(step, "state", row_text(row, 3));
    json_put_int(step, "attempts", row_int(row, 4));
    json_put_text(step, "exchange", row_text(row, 5));
    json_put_text(step, "adapter_version", row_text(row, 6));
    put_json(step, "problem", row_text(row, 7));
    put_time(step, "started", row_int(row, 8));
    put_time(step, "ended", row_int(row, 9));
    if (!row_is_null(row, 8) && !row_is_null(row, 9))
        json_put_int(step, "took_ms", row_int(row, 9) - row_int(row, 8));
    put_time(step, "next_try", row_int(row, 10));
    json_array_append_new(steps, step);
    return true;
}

static bool is_forward(const json_t *step)
{
    return strcmp(json_text(step, "kind"), "do") == 0;
}

/* Steps not yet reached have no row: the plan knows them, and where they belong. */
static void add_waiting(json_t *steps, const char *type)
{
    const struct plan *plan = plan_of(type);
    for (size_t at = 0; plan != NULL && at < plan->step_count; at++) {
        const json_t *step = json_array_get(steps, at);
        if (step != NULL && is_forward(step) &&
            json_int(step, "position", -1) == (int64_t)at)
            continue;
        json_array_insert_new(steps, at,
                              json_pack("{sisssssssi}", "position", (int)at,
                                        "capability", plan->steps[at].capability,
                                        "kind", "do", "state", "waiting", "attempts",
                                        0));
    }
}

struct opening {
    const struct sealer *sealer;
    const char *tenant, *id;
    json_t *vars;
};

static bool open_vars(const struct db_row *row, void *arg, struct err *err)
{
    struct opening *opening = arg;
    opening->vars = order_vars_open(opening->sealer, opening->tenant, opening->id,
                                    row_bytes(row, 0), err);
    return opening->vars != NULL;
}

/* Variables are opened only for an order whose plan shows some of them. */
static bool add_result(struct db *db, const struct sealer *sealer, const char *tenant,
                       json_t *order, struct err *err)
{
    const struct plan *plan = plan_of(json_text(order, "type"));
    if (sealer == NULL || plan == NULL || plan->shows[0] == NULL ||
        strcmp(json_text(order, "state"), "completed") != 0)
        return true;
    struct opening opening = { sealer, tenant, json_text(order, "id"), NULL };
    if (!db_one(db, "SELECT vars_sealed FROM orders WHERE tenant = $1 AND id = $2",
                DB_ARGS(db_text(tenant), db_text(opening.id)), open_vars, &opening,
                err))
        return false;
    json_t *result = order_vars_result(opening.vars, plan);
    if (result != NULL)
        json_object_set_new(order, "result", result);
    json_decref(opening.vars);
    return true;
}

bool order_show(struct db *db, const struct sealer *sealer, const char *tenant,
                const char *id, json_t **ret, struct err *err)
{
    json_t *order = NULL;
    if (!db_one(db, "SELECT " COLUMNS " FROM orders WHERE tenant = $1 AND id = $2",
                DB_ARGS(db_text(tenant), db_text(id)), read_order, &order, err))
        return err_wrap(err, "order %.40s", id);
    json_t *steps = json_array();
    if (!db_each(db,
                 "SELECT s.position, s.capability, s.kind, s.state, s.attempts, "
                 "s.exchange, s.adapter_version, s.problem, s.started_ms, s.ended_ms, "
                 "CASE WHEN o.claimed_by IS NULL AND o.attempts > 0 THEN o.due_ms END "
                 "FROM steps s LEFT JOIN outbox o ON o.tenant = s.tenant "
                 "AND o.operation_id = s.operation_id "
                 "WHERE s.tenant = $1 AND s.order_id = $2 "
                 "ORDER BY s.kind, s.position",
                 DB_ARGS(db_text(tenant), db_text(id)), read_step, steps, err) ||
        !add_result(db, sealer, tenant, order, err)) {
        json_decref(steps);
        json_decref(order);
        return false;
    }
    add_waiting(steps, json_text(order, "type"));
    json_object_set_new(order, "steps", steps);
    *ret = order;
    return true;
}

struct peek {
    enum order_state state;
    int64_t version;
};

static bool read_peek(const struct db_row *row, void *arg, struct err *err)
{
    struct peek *peek = arg;
    peek->version = row_int(row, 1);
    return order_state_read(row_text(row, 0), &peek->state) ||
           err_set(err, ERR_CORRUPT, "an order has an unknown state");
}

bool order_peek(struct db *db, const char *tenant, const char *id,
                enum order_state *ret_state, int64_t *ret_version, struct err *err)
{
    struct peek peek;
    if (!db_one(db, "SELECT state, version FROM orders WHERE tenant = $1 AND id = $2",
                DB_ARGS(db_text(tenant), db_text(id)), read_peek, &peek, err))
        return err_wrap(err, "order %.40s", id);
    *ret_state = peek.state;
    *ret_version = peek.version;
    return true;
}

/* A list is turned over by when its orders were created. */
static bool read_listed(const struct db_row *row, void *arg, struct err *err)
{
    if (!read_order(row, arg, err))
        return false;
    json_put_int(*(json_t **)arg, "created_ms", row_int(row, COLUMN_CREATED));
    return true;
}

/* One text a filter, so that each finds its index. Ids are UUIDs of version 7: their
 * order is the order of creation, so that paging needs no index of its own. */
#define LIST(filter)                                           \
    "SELECT " COLUMNS " FROM orders WHERE tenant = $1 " filter \
    " AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3"

bool order_list(struct db *db, const struct order_query *query, json_t **ret_array,
                bool *ret_more, struct err *err)
{
    const struct {
        const char *value;
        const char *sql;
    } filters[] = {
        { query->external_id,
          LIST("AND external_id = $4 AND ($5 IS NULL OR state = $5) "
               "AND ($6 IS NULL OR adapter = $6)") },
        { query->iccid, LIST("AND iccid = $4 AND ($5 IS NULL OR state = $5) "
                             "AND ($6 IS NULL OR adapter = $6)") },
        { query->state, LIST("AND $4 = $4 AND state = $5 "
                             "AND ($6 IS NULL OR adapter = $6)") },
        { "", LIST("AND $4 = $4 AND $5 IS NULL AND ($6 IS NULL OR adapter = $6)") },
    };
    size_t at = 0;
    while (filters[at].value == NULL)
        at++;
    const struct db_page page = { read_listed, query->limit };
    return db_page(db, &page, filters[at].sql,
                   DB_ARGS(db_text(query->tenant), db_text(query->after_id),
                           db_int(query->limit + 1), db_text(filters[at].value),
                           db_text(query->state), db_text(query->carrier)),
                   ret_array, ret_more, err);
}
