/* policy_load.h - the signed policy of policy.dir as an image.
 *
 * Threads  At start, or from a thread that may wait for the store. */
#ifndef POLICY_POLICY_LOAD_H
#define POLICY_POLICY_LOAD_H

#include "base/err.h"
#include "manifest/trust.h"
#include "policy/policy.h"
#include "store/store.h"

/* dir/policy.yaml with its signatures and the Lua files it names, verified; its revision
 * is not lower than the highest that was recorded. NULL and why. */
struct policy_image *policy_verify(const char *dir, const struct trust *trust,
                                   struct store *store, struct err *err);

/* From now on no lower revision is taken. */
bool policy_record(const struct policy_image *image, struct store *store,
                   struct err *err);

/* Both. */
struct policy_image *policy_load(const char *dir, const struct trust *trust,
                                 struct store *store, struct err *err);

#endif
