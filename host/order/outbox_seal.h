/* outbox_seal.h - the sealed columns of steps, outbox and messages.
 *
 * Each value is bound to its tenant and its operation, so that a value copied to another
 * row does not open. */
#ifndef ORDER_OUTBOX_SEAL_H
#define ORDER_OUTBOX_SEAL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/seal.h"
#include "order/outbox.h"

enum { OUTBOX_SEALED_LIMIT_BYTES = 10 << 20 };

enum outbox_column { OUTBOX_STATE, OUTBOX_ACTION };

bool outbox_seal(const struct sealer *sealer, const struct claim *claim,
                 enum outbox_column column, struct slice plain, struct buf *ret,
                 struct err *err);

/* Into fresh memory that the claim owns; NULL and size 0 for the empty slice. */
bool outbox_open(const struct sealer *sealer, const struct claim *claim,
                 enum outbox_column column, struct slice sealed, char **ret,
                 size_t *ret_size, struct err *err);

bool outbox_seal_message(const struct sealer *sealer, const char *adapter,
                         const char *key, struct slice plain, struct buf *ret,
                         struct err *err);
bool outbox_open_message(const struct sealer *sealer, const char *adapter,
                         const char *key, struct slice sealed, char **ret,
                         size_t *ret_size, struct err *err);

#endif
