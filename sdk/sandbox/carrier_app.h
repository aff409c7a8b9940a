/* carrier_app.h - the application behind a short code: words in, words out, lines and
 * profiles that have states.
 *
 *   ACT NUMBER REF      SUS NUMBER REF      RES NUMBER REF      DEL NUMBER REF
 *   ESIM EID [TYPE] REF EID may be "-"; without TYPE the first of the stock
 *
 *   OK REF              it was done
 *   ESIM REF ICCID LPA:1$ADDRESS$MATCHING-ID
 *   ERR REF CODE        12 unknown line, 22 already so, 23 not in this state,
 *                       31 no profile left, 32 unknown type, 90 unknown command
 *   BUSY REF            only by a fault
 *
 * Threads  The loop's. */
#ifndef SANDBOX_CARRIER_APP_H
#define SANDBOX_CARRIER_APP_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ledger.h"
#include "options.h"

struct carrier_app;

bool carrier_app_create(const struct sandbox_options *options, struct ledger *ledger,
                        struct carrier_app **ret, struct err *err);
void carrier_app_destroy(struct carrier_app **app);

/* The reply to one command, as UTF-8. */
void carrier_app_do(struct carrier_app *app, struct slice command, struct buf *reply);

/* "BUSY REF": nothing was done. */
void carrier_app_put_off(struct slice command, struct buf *reply);

json_t *carrier_app_lines(const struct carrier_app *app);
json_t *carrier_app_profiles(const struct carrier_app *app);

#endif
