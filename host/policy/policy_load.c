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

struct policy_image *policy_verify(const char *dir, const struct trust *trust,
                                   struct store *store, struct err *err)
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
    if (!is_policy(manifest, path, err)) {
        manifest_destroy(&manifest);
        return NULL;
    }
    struct policy_image *image = policy_image_create(manifest);
    if (image == NULL)
        err_set(err, ERR_UNAVAILABLE, "no memory for a policy");
    return image;
}

bool policy_record(const struct policy_image *image, struct store *store,
                   struct err *err)
{
    const struct manifest *manifest = policy_image_manifest(image);
    if (!revision_record(store, manifest->kind, manifest->name, manifest->revision,
                         manifest->digest, err))
        return false;
    log_line(LOG_INFO, "policy.loaded", LOG_INT("revision", manifest->revision),
             LOG_TEXT("sha256", manifest->digest),
             LOG_TEXT("signed_by", manifest->signers));
    return true;
}

struct policy_image *policy_load(const char *dir, const struct trust *trust,
                                 struct store *store, struct err *err)
{
    struct policy_image *image = policy_verify(dir, trust, store, err);
    if (image != NULL && !policy_record(image, store, err))
        policy_image_drop(&image);
    return image;
}
