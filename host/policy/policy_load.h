/* policy_load.h - the signed policy of policy.dir as an image, as a transaction: verify,
 * check the revision, record it.
 *
 * Threads  At start, or from a thread that may wait for the store. */
#ifndef POLICY_POLICY_LOAD_H
#define POLICY_POLICY_LOAD_H

#include "base/err.h"
#include "manifest/trust.h"
#include "policy/policy.h"
#include "store/store.h"

/* dir/policy.yaml with its signatures and the Lua files it names. NULL and why.
 * *ret_manifest is the image's and lives as long. */
struct policy_image *policy_load(const char *dir, const struct trust *trust,
                                 struct store *store,
                                 const struct manifest **ret_manifest, struct err *err);

#endif
