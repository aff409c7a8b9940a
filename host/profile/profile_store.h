/* profile_store.h - profiles in the store: state, device copy, sealed activation code.
 *
 * Inside transactions and reads only (store.h). */
#ifndef PROFILE_PROFILE_STORE_H
#define PROFILE_PROFILE_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/seal.h"
#include "store/db.h"

/* The profile as the API shows it: a new reference; "has_code" instead of the code.
 * ERR_NOT_FOUND also for another tenant's. `iccid` in any accepted form. */
bool profile_show(struct db *db, const char *tenant, const char *iccid, json_t **ret,
                  struct err *err);

struct profile_query {
    const char *tenant, *state, *carrier; /* Filters may be NULL. */
    const char *after_iccid;              /* "" to begin. */
    int64_t limit;
};
bool profile_list(struct db *db, const struct profile_query *query, json_t **ret_array,
                  bool *ret_more, struct err *err);

/* The activation code in the clear, into a buf the caller finishes with
 * buf_finish_secret. ERR_NOT_FOUND: no profile; ERR_CONFLICT: no code (yet, or no more).
 * The caller has written the audit record of the reveal before answering. */
bool profile_reveal(struct db *db, const struct sealer *sealer, const char *tenant,
                    const char *iccid, struct buf *ret, struct err *err);

/* What a step or a fact taught us. NULL members are not known and stay as they are. */
struct profile_news {
    const char *tenant;
    const char *iccid; /* Canonical: no pad. */
    const char *order_id, *carrier, *adapter;
    const char *state; /* SGP.22 name the carrier told or the step implies. */
    const char *device_state;
    const char *eid, *msisdn, *profile_type, *smdp_address;
    const char *activation_code; /* Secret; stored sealed. */
    const char *origin; /* "order/..", "callback/atom": for the audit record. */
    const char *trace;
    int64_t at_ms;
};

/* Makes or updates the profile, writes audit and event when something changed. A state
 * the table does not allow from the present one is stored only if the carrier told it
 * (origin "callback/.."), and the audit record says so. */
bool profile_learn(struct db *db, const struct sealer *sealer,
                   const struct profile_news *news, struct err *err);

/* The adapter that serves a tenant's profile. ERR_NOT_FOUND. */
bool profile_holder(struct db *db, const char *tenant, const char *iccid,
                    char ret_adapter[64], struct err *err);

/* Whose profile is it? For callbacks: the newest profile of this ICCID served by this
 * adapter. ERR_NOT_FOUND. */
bool profile_owner(struct db *db, const char *adapter, const char *iccid,
                   char ret_tenant[64], char ret_order_id[37], struct err *err);

#endif
