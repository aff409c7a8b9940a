/* fact.h - stores what a carrier told us unasked (esim/inbound.h), once each.
 *
 * Inside transactions only. */
#ifndef ORDER_FACT_H
#define ORDER_FACT_H

#include <stdbool.h>

#include "base/err.h"
#include "crypto/seal.h"
#include "esim/inbound.h"
#include "order/outbox_message.h"
#include "store/db.h"

/* A fact whose id was taken before changes nothing. A profile or line nobody
 * ordered here becomes an event of the tenant "default", so that somebody sees it; so
 * does one of another tenant's than the session it came on. ERR_INVALID: the fact breaks
 * its own rules. */
bool fact_store(struct db *db, const struct sealer *sealer,
                const struct outbox_origin *origin, const struct esim_fact *fact,
                struct err *err);

#endif
