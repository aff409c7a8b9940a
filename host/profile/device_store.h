/* device_store.h - the devices that an MDM manages, as its lists told them.
 *
 * A list comes in parts, one order each: the first begins a pass, each next one goes on
 * with the cursor of the one before. A pass without "since" is whole: when it ends, what
 * it has not told is gone. A pass "since" a time only adds and changes. Where the next
 * pass may begin is kept per tenant and adapter.
 *
 * Inside transactions and reads only (store.h). */
#ifndef PROFILE_DEVICE_STORE_H
#define PROFILE_DEVICE_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

/* What a device.list order asked and was told (esim/capability.h). */
struct device_news {
    const char *tenant;
    const char *adapter;
    const char *since;  /* NULL: all devices were asked for. */
    const char *cursor; /* NULL: the beginning. */
    const json_t
        *devices;     /* An array; items without a usable device_id are left out. */
    const char *at;   /* Where the next pass may begin; NULL: not told. */
    const char *next; /* The cursor of what is left; NULL: this was the end. */
    const char *trace;
    int64_t at_ms;
};

/* Adds, changes and, at the end of a whole pass, removes; each is an event
 * ("device.added", "device.changed", "device.removed"). */
bool device_learn(struct db *db, const struct device_news *news, struct err *err);

/* {"device_id","carrier","updated","seen", ...} with what the adapter told: a new
 * reference. ERR_NOT_FOUND also for another tenant's. */
bool device_show(struct db *db, const char *tenant, const char *device_id, json_t **ret,
                 struct err *err);

struct device_query {
    const char *tenant, *carrier; /* `carrier` may be NULL. */
    const char *words; /* Of name, user, serial, EID, IMEI, ICCID; NULL: all. */
    const char *after; /* A device_id; "" to begin. */
    int64_t limit;
};
bool device_list(struct db *db, const struct device_query *query, json_t **ret_array,
                 bool *ret_more, struct err *err);

/* [{"carrier","since"?,"cursor"?}]: where the next list of each adapter begins, or what
 * its last one still has to tell. A new reference. */
bool device_passes(struct db *db, const char *tenant, json_t **ret_array,
                   struct err *err);

#endif
