/* trust.h - which keys may sign which kinds of document, and how many must.
 *
 * trust.yaml:
 *   keys:
 *     - name: release-2026
 *       key: RWQ...            # second line of a minisign public key file
 *       kinds: [adapter, policy]
 *   thresholds:
 *     adapter: 1
 *     policy: 1
 *
 * A document FILE is signed by FILE.minisig (and FILE.2.minisig ... when a threshold
 * above one is set); signatures of the same key count once.
 *
 * Threads  Read-only after loading. */
#ifndef MANIFEST_TRUST_H
#define MANIFEST_TRUST_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct trust;

struct trust *trust_load(const char *path, struct err *err);
void trust_destroy(struct trust **trust);

/* True when enough distinct trusted keys signed exactly `bytes`. `path` is the
 * document's: signatures are read beside it. ret_signers gets the key names, joined by
 * ", ". A missing signature file is ERR_UNTRUSTED, not a warning. */
bool trust_check(const struct trust *trust, const char *kind, const char *path,
                 struct slice bytes, char ret_signers[256], struct err *err);

#endif
