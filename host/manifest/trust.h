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
 * A threshold that is not said is one; one that its keys cannot reach is an error.
 * A document FILE is signed by FILE.minisig, FILE.2.minisig ... up to TRUST_SIGNATURES;
 * the first number that is absent ends the row. Signatures of the same key count once.
 * One of an unknown key counts for nothing, so that keys can be rotated; one that names a
 * known key and does not check, or is malformed, refuses the document.
 *
 * Threads  Read-only after loading. */
#ifndef MANIFEST_TRUST_H
#define MANIFEST_TRUST_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

enum { TRUST_SIGNATURES = 8 };

struct trust;

struct trust *trust_load(const char *path, struct err *err);
void trust_destroy(struct trust **trust);

/* True when enough distinct trusted keys signed exactly `bytes`. `path` is the
 * document's: signatures are read beside it. ret_signers gets the key names, joined by
 * ", ". A missing signature file is ERR_UNTRUSTED, not a warning. `kind` NULL asks only
 * for one trusted key of any kind: for bytes whose kind is not read yet. */
bool trust_check(const struct trust *trust, const char *kind, const char *path,
                 struct slice bytes, char ret_signers[256], struct err *err);

#endif
