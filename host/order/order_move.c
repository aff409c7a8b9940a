#include "order/order_move.h"

#include <assert.h>
#include <stdio.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "store/event_log.h"

static bool read_row(const struct db_row *row, void *arg, struct err *err)
{
    struct order_row *order = arg;
    const char *state = row_text(row, 0);
    if (!order_state_read(state, &order->state))
        return err_set(err, ERR_CORRUPT, "order %s has the unknown state \"%s\"",
                       order->id, state);
    order->position = row_int(row, 3);
    order->compensating = row_int(row, 4);
    order->version = row_int(row, 5);
    return row_copy(row, 1, order->type, sizeof order->type, err) &&
           row_copy(row, 2, order->adapter, sizeof order->adapter, err) &&
           row_copy(row, 6, order->trace, sizeof order->trace, err);
}

bool order_row_load(struct db *db, const char *tenant, const char *id,
                    struct order_row *ret, struct err *err)
{
    struct order_row row = { .state = ORDER_ACKNOWLEDGED };
    if (!slice_copy(slice_of(tenant), row.tenant, sizeof row.tenant) ||
        !slice_copy(slice_of(id), row.id, sizeof row.id))
        return err_set(err, ERR_NOT_FOUND, "no order %.40s", id);
    *ret = row; /* `tenant` and `id` may lie in it. */
    if (!db_one(db,
                "SELECT state, type, adapter, position, compensating, version, trace "
                "FROM orders WHERE tenant = $1 AND id = $2",
                DB_ARGS(db_text(ret->tenant), db_text(ret->id)), read_row, ret, err))
        return err_wrap(err, "order %s", ret->id);
    return true;
}

static bool tell(struct db *db, const struct order_row *order, enum order_state from,
                 enum order_event event, const struct order_news *news, struct err *err)
{
    char resource[64], diff[128], data[160];
    const struct order_actor *actor = news->actor;
    int a = snprintf(resource, sizeof resource, "order/%s", order->id);
    int b = snprintf(diff, sizeof diff, "{\"state\":[\"%s\",\"%s\"]}",
                     order_state_name(from), order_state_name(order->state));
    int c = snprintf(data, sizeof data,
                     "{\"type\":\"%s\",\"state\":\"%s\",\"was\":\"%s\"}", order->type,
                     order_state_name(order->state), order_state_name(from));
    assert(a > 0 && b > 0 && c > 0 && c < (int)sizeof data);
    char action[48];
    int d = snprintf(action, sizeof action, "order.%s", order_event_name(event));
    assert(d > 0);
    struct audit_record record = {
        .tenant = order->tenant,
        .subject = actor != NULL ? actor->subject : news->subject,
        .action = action,
        .resource = resource,
        .outcome = "done",
        .reason = news->reason,
        .decision_id = actor != NULL ? actor->decision_id : NULL,
        .policy_revision = actor != NULL ? actor->policy_revision : 0,
        .request_id = actor != NULL ? actor->request_id : NULL,
        .trace = order->trace,
        .diff = diff,
    };
    return audit_write(db, &record, err) &&
           event_append(db, order->tenant, "order.state", resource, data, order->trace,
                        err);
}

bool order_move(struct db *db, struct order_row *order, enum order_event event,
                const struct order_news *news, struct err *err)
{
    enum order_state from = order->state;
    if (!order_state_next(from, event, &order->state, err))
        return false;
    bool moved = from != order->state;
    order->version++;
    return db_run(db,
                  "UPDATE orders SET state = $3, version = $4, updated_ms = $5, "
                  "problem = CASE WHEN $3 = 'completed' THEN $6 "
                  "ELSE COALESCE($6, problem) END, held_for = $7 "
                  "WHERE tenant = $1 AND id = $2",
                  DB_ARGS(db_text(order->tenant), db_text(order->id),
                          db_text(order_state_name(order->state)),
                          db_int(order->version), db_int(clock_wall_ms()),
                          db_text(news->problem), db_text(news->held_for)),
                  NULL, err) &&
           (!moved || tell(db, order, from, event, news, err));
}

bool order_point(struct db *db, struct order_row *order, int64_t position,
                 enum order_direction direction, struct err *err)
{
    order->position = position;
    order->compensating = direction;
    return db_run(db,
                  "UPDATE orders SET position = $3, compensating = $4 "
                  "WHERE tenant = $1 AND id = $2",
                  DB_ARGS(db_text(order->tenant), db_text(order->id), db_int(position),
                          db_int(direction)),
                  NULL, err);
}
