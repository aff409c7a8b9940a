/* line_store.h - lines in the store: a number in service at a carrier.
 *
 * A line begins with the first word about its number: an order that was done, or the
 * carrier's own. DELETED is its end: a later word about the number begins another line
 * with an id of its own, so that nobody inherits a stranger's line.
 *
 * Inside transactions and reads only (store.h). */
#ifndef PROFILE_LINE_STORE_H
#define PROFILE_LINE_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "profile/identifier.h"
#include "store/db.h"

/* A carrier's spelling of a number, with or without its "+", as "+9599...". */
bool line_number_read(const char *text, char ret[MSISDN_SIZE], struct err *err);

/* {"id","msisdn","iccid"?,"carrier","state","plan"?,"order_id"?,"version","created",
 * "updated"}: a new reference. `name` is its id, or its number as "+9599...": then the
 * line that has not ended, else the last one. ERR_NOT_FOUND also for another tenant's. */
bool line_show(struct db *db, const char *tenant, const char *name, json_t **ret,
               struct err *err);

struct line_query {
    const char *tenant, *state, *carrier, *msisdn, *iccid; /* Filters may be NULL. */
    const char *after_id;                                  /* "" to begin. */
    int64_t limit;
};
/* Oldest first. */
bool line_list(struct db *db, const struct line_query *query, json_t **ret_array,
               bool *ret_more, struct err *err);

/* What a step or a fact taught us. NULL members are not known and stay as they are. */
struct line_news {
    const char *tenant;
    const char *msisdn; /* "+9599..." */
    const char *adapter;
    const char *state; /* "ACTIVE" ... */
    const char *iccid, *plan, *order_id;
    const char *origin; /* "order/..", "carrier/mpt": for the audit record. */
    const char *trace;
    int64_t at_ms;
};

/* Makes or updates the line; a state that is another one is an audit record and the event
 * "line.changed". The carrier's word counts, also where the table of line_state does not
 * lead there; the record says so then. ERR_INVALID: no line state. */
bool line_learn(struct db *db, const struct line_news *news, struct err *err);

/* Whose line of this adapter is it? The one that has not ended, else the last one.
 * ERR_NOT_FOUND. */
bool line_owner(struct db *db, const char *adapter, const char *msisdn,
                char ret_tenant[64], struct err *err);

#endif
