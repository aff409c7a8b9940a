#include "policy/policy_load.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "store/revision.h"

enum { PATH_SIZE = 512 };

static bool is_policy(const struct manifest *manifest, const char *path,
                      struct err *err)
{
    return strcmp(manifest->kind, "policy") == 0 ||
           err_set(err, ERR_INVALID, "%s: expected kind policy, found %s", path,
                   manifest->kind);
}

struct policy_image *policy_load(const char *dir, const struct trust *trust,
                                 struct store *store,
                                 const struct manifest **ret_manifest, struct err *err)
{
    char path[PATH_SIZE];
    struct manifest *manifest = NULL;
    int length = snprintf(path, sizeof path, "%s/policy.yaml", dir);
    if (length < 0 || length >= (int)sizeof path) {
        err_set(err, ERR_INVALID, "policy.dir is too long a path");
        return NULL;
    }
    if (!manifest_load(path, dir, trust, revision_least, store, &manifest, err))
        return NULL;
    if (!is_policy(manifest, path, err) ||
        !revision_record(store, manifest->kind, manifest->name, manifest->revision,
                         manifest->digest, err)) {
        manifest_destroy(&manifest);
        return NULL;
    }
    log_line(LOG_INFO, "policy.loaded", LOG_INT("revision", manifest->revision),
             LOG_TEXT("sha256", manifest->digest),
             LOG_TEXT("signed_by", manifest->signers));
    *ret_manifest = manifest;
    return policy_image_create(manifest);
}
