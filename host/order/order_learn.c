#include "order/order_learn.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "esim/capability.h"
#include "order/order_vars.h"
#include "profile/device_store.h"
#include "profile/line_store.h"
#include "profile/profile_store.h"

static const char *state_after_order(const json_t *vars)
{
    if (json_text(vars, "activation_code") != NULL)
        return "Released"; /* A carrier that does it all in one. */
    return json_text(vars, "eid") != NULL ? "Linked" : "Allocated";
}

static const char *state_after_confirm(const json_t *vars)
{
    return json_bool(vars, "release", false) ? "Released" : "Confirmed";
}

static const char *state_after_release(const json_t *vars)
{
    (void)vars;
    return "Released";
}

static const char *state_after_cancel(const json_t *vars)
{
    return json_text(vars, "final_state");
}

static const char *state_unchanged(const json_t *vars)
{
    (void)vars;
    return NULL;
}

static const struct {
    const char *capability;
    const char *(*state)(const json_t *vars);
} implied[] = {
    { ESIM_PROFILE_ORDER, state_after_order },
    { ESIM_PROFILE_CONFIRM, state_after_confirm },
    { ESIM_PROFILE_RELEASE, state_after_release },
    { ESIM_PROFILE_CANCEL, state_after_cancel },
    { ESIM_PROFILE_STATUS, state_unchanged },
};

static bool tell_profile(struct db *db, const struct order_row *order, json_t *vars,
                         const json_t *result, const char *capability,
                         const struct sealer *sealer, struct err *err)
{
    size_t at = 0, count = sizeof implied / sizeof implied[0];
    while (at < count && strcmp(implied[at].capability, capability) != 0)
        at++;
    if (at == count || json_text(vars, "iccid") == NULL)
        return true;
    char origin[48];
    int length = snprintf(origin, sizeof origin, "order/%s", order->id);
    assert(length > 0 && length < (int)sizeof origin);
    const char *told = json_text(result, "state");
    struct profile_news news = {
        .tenant = order->tenant,
        .iccid = json_text(vars, "iccid"),
        .order_id = order->id,
        .carrier = order->adapter,
        .adapter = order->adapter,
        .state = told != NULL ? told : implied[at].state(vars),
        .eid = json_text(vars, "eid"),
        .msisdn = json_text(vars, "msisdn"),
        .profile_type = json_text(vars, "profile_type"),
        .smdp_address = json_text(vars, "smdp_address"),
        .activation_code = json_text(vars, "activation_code"),
        .origin = origin,
        .trace = order->trace,
        .at_ms = clock_wall_ms(),
    };
    return profile_learn(db, sealer, &news, err);
}

static const struct {
    const char *capability;
    const char *state; /* When the result says nothing. */
} lines[] = {
    { ESIM_LINE_ACTIVATE, "ACTIVE" },
    { ESIM_LINE_SUSPEND, "SUSPENDED" },
    { ESIM_LINE_RESUME, "ACTIVE" },
    { ESIM_LINE_TERMINATE, "DELETED" },
};

static bool tell_line(struct db *db, const struct order_row *order, const json_t *vars,
                      const json_t *result, const char *capability, struct err *err)
{
    size_t at = 0, count = sizeof lines / sizeof lines[0];
    while (at < count && strcmp(lines[at].capability, capability) != 0)
        at++;
    if (at == count || json_text(vars, "msisdn") == NULL)
        return true;
    char origin[48];
    int length = snprintf(origin, sizeof origin, "order/%s", order->id);
    assert(length > 0 && length < (int)sizeof origin);
    const char *told = json_text(result, "line_state");
    struct line_news news = {
        .tenant = order->tenant,
        .msisdn = json_text(vars, "msisdn"),
        .adapter = order->adapter,
        .state = told != NULL ? told : lines[at].state,
        .iccid = json_text(vars, "iccid"),
        .plan = json_text(vars, "plan"),
        .order_id = order->id,
        .origin = origin,
        .trace = order->trace,
        .at_ms = clock_wall_ms(),
    };
    return line_learn(db, &news, err);
}

/* `cursor` is the one that was asked with: the result may have brought another. */
static bool tell_devices(struct db *db, const struct order_row *order,
                         const json_t *vars, const char *cursor, const json_t *result,
                         const char *capability, struct err *err)
{
    const json_t *devices = json_object_get(result, "devices");
    if (strcmp(capability, ESIM_DEVICE_LIST) != 0 || !json_is_array(devices))
        return true;
    struct device_news news = {
        .tenant = order->tenant,
        .adapter = order->adapter,
        .since = json_text(vars, "since"),
        .cursor = cursor,
        .devices = devices,
        .at = json_text(result, "at"),
        .next = json_text(result, "cursor"),
        .trace = order->trace,
        .at_ms = clock_wall_ms(),
    };
    return device_learn(db, &news, err);
}

static bool store_vars(struct db *db, const struct order_row *order, const json_t *vars,
                       const struct sealer *sealer, struct err *err)
{
    struct buf sealed;
    buf_init(&sealed, ORDER_VARS_SEALED_LIMIT_BYTES);
    bool ok = order_vars_seal(sealer, order->tenant, order->id, vars, &sealed, err) &&
              db_run(db,
                     "UPDATE orders SET vars_sealed = $3, iccid = $4, eid = $5, "
                     "msisdn = $6, profile_type = $7 WHERE tenant = $1 AND id = $2",
                     DB_ARGS(db_text(order->tenant), db_text(order->id),
                             db_bytes(buf_slice(&sealed)),
                             db_text(json_text(vars, "iccid")),
                             db_text(json_text(vars, "eid")),
                             db_text(json_text(vars, "msisdn")),
                             db_text(json_text(vars, "profile_type"))),
                     NULL, err);
    buf_finish(&sealed);
    return ok;
}

bool order_learn(struct db *db, const struct order_row *order, json_t *vars,
                 const json_t *result, const char *capability,
                 const struct sealer *sealer, struct err *err)
{
    json_t *cursor = json_incref(json_object_get(vars, "cursor"));
    order_vars_forget(vars, capability);
    bool ok = order_vars_merge(vars, result, err) &&
              store_vars(db, order, vars, sealer, err) &&
              tell_profile(db, order, vars, result, capability, sealer, err) &&
              tell_line(db, order, vars, result, capability, err) &&
              tell_devices(db, order, vars, json_string_value(cursor), result,
                           capability, err);
    json_decref(cursor);
    return ok;
}
