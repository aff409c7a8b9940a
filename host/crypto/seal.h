/* seal.h - secrets at rest: AES-256-GCM with a key from a file or systemd credential.
 *
 * Sealed form: version byte 1, 12-byte random nonce, ciphertext, 16-byte tag. The
 * context (tenant, table, column, row) is authenticated, so that a sealed value moved to
 * another row does not open. Per-tenant keys come from the master key by HKDF-SHA-256
 * (RFC 5869) with the salt "esimd seal 1" ("esimd digest 1" for digests) and the tenant
 * as info. The authenticated data are the version byte and the context.
 *
 * Threads  Any. The keys of the tenants used last are kept beside the master key. */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "crypto/digest.h"

struct sealer;

/* The key: 32 raw bytes or 64 hex digits. Locked in memory, kept out of core dumps,
 * wiped at the end. */
struct sealer *sealer_create(struct slice key, struct err *err);
struct sealer *sealer_load(const char *path, struct err *err);
void sealer_destroy(struct sealer **sealer);

bool seal(const struct sealer *sealer, const char *tenant, const char *context,
          struct slice plain, struct buf *ret, struct err *err);

/* ERR_CORRUPT when the bytes, the tenant or the context are not those it was sealed
 * with. `ret` should be finished with buf_finish_secret. */
bool seal_open(const struct sealer *sealer, const char *tenant, const char *context,
               struct slice sealed, struct buf *ret, struct err *err);

/* HMAC-SHA-256 of `bytes` under a key of the tenant's that seals nothing, as hex: tells
 * whether two values are equal, and nothing to whoever holds the store alone. */
bool sealer_digest(const struct sealer *sealer, const char *tenant, struct slice bytes,
                   char ret[DIGEST_TEXT_SIZE], struct err *err);

#endif
