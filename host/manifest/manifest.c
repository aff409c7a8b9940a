#include "manifest/manifest.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cell/cell.h"
#include "conf/file.h"
#include "crypto/digest.h"
#include "esim/abi.h"
#include "manifest/inspect.h"
#include "manifest/schema.h"

bool manifest_parse(struct slice text, const char *path, struct manifest **ret,
                    struct err *err)
{
    assert(path != NULL && ret != NULL);
    struct yaml_tree *tree = NULL;
    struct manifest *manifest = NULL;
    bool fine = yaml_tree_read(text, path, &tree, err) &&
                yaml_read_tree(tree, text, &manifest_schema, (void **)&manifest, NULL,
                               err) &&
                inspect_manifest(&(struct inspection){ tree, manifest, err });
    yaml_tree_destroy(&tree);
    if (!fine) {
        manifest_destroy(&manifest);
        return false;
    }
    digest_sha256_text(text, manifest->digest);
    *ret = manifest;
    return true;
}

void manifest_destroy(struct manifest **manifest)
{
    if (*manifest == NULL)
        return;
    for (unsigned i = 0; (*manifest)->file_fds != NULL && i < (*manifest)->files_count;
         i++)
        if ((*manifest)->file_fds[i] >= 0)
            close((*manifest)->file_fds[i]);
    free((*manifest)->file_fds);
    yaml_release(&manifest_schema, *manifest, 0);
    *manifest = NULL;
}

/* --- loading --- */

struct loading {
    const char *path, *object_dir;
    const struct trust *trust;
    int64_t (*least_revision)(void *arg, const char *kind, const char *name);
    void *arg;
    struct manifest *manifest;
};

static bool check_times(const struct loading *loading, struct err *err)
{
    const struct manifest *manifest = loading->manifest;
    int64_t from_ms, to_ms, now_ms = clock_wall_ms();
    char now[CLOCK_TEXT_SIZE];
    bool fine = inspect_time(manifest->not_before, &from_ms) &&
                inspect_time(manifest->expires, &to_ms);
    assert(fine);
    clock_text(now_ms, now);
    if (now_ms < from_ms)
        return err_set(err, ERR_UNTRUSTED,
                       "%s is not valid yet: not_before is %s, now is %s",
                       loading->path, manifest->not_before, now);
    return now_ms < to_ms ||
           err_set(err, ERR_UNTRUSTED, "%s has expired: expires is %s, now is %s",
                   loading->path, manifest->expires, now);
}

static bool check_revision(const struct loading *loading, struct err *err)
{
    const struct manifest *manifest = loading->manifest;
    int64_t least = loading->least_revision == NULL
                        ? 0
                        : loading->least_revision(loading->arg, manifest->kind,
                                                  manifest->name);
    return manifest->revision >= least ||
           err_set(err, ERR_STALE,
                   "%s: revision is %lld in the manifest, %lld was activated before",
                   loading->path, (long long)manifest->revision, (long long)least);
}

static bool check_abi(const struct loading *loading, struct err *err)
{
    const struct manifest *manifest = loading->manifest;
    if (strcmp(manifest->kind, "adapter") != 0 ||
        (ESIM_ABI >= manifest->abi_least && ESIM_ABI <= manifest->abi_most))
        return true;
    return err_field(err, "/abi",
                     "%s: /abi: the host speaks ABI %u, the manifest allows %u to %u",
                     loading->path, ESIM_ABI, manifest->abi_least, manifest->abi_most);
}

static bool check_bytes(const struct loading *loading, const struct manifest_file *file,
                        struct slice bytes, struct err *err)
{
    char digest[DIGEST_TEXT_SIZE];
    if (bytes.size != (size_t)file->size)
        return err_set(err, ERR_UNTRUSTED,
                       "%s: size is %lld in the manifest, %zu in %s", loading->path,
                       (long long)file->size, bytes.size, file->name);
    digest_sha256_text(bytes, digest);
    return strcmp(digest, file->sha256) == 0 ||
           err_set(err, ERR_UNTRUSTED, "%s: sha256 is %s in the manifest, %s in %s",
                   loading->path, file->sha256, digest, file->name);
}

/* One read: the bytes that are checked are the bytes that run. */
static bool load_file(const struct loading *loading, unsigned index, struct err *err)
{
    const struct manifest_file *file = &loading->manifest->files[index];
    char path[PATH_MAX];
    struct buf bytes;
    buf_init(&bytes, MANIFEST_FILE_BYTES_MAX);
    bool fine = file_path(path, sizeof path, loading->object_dir, file->name, err) &&
                file_read(path, &bytes, err) &&
                check_bytes(loading, file, buf_slice(&bytes), err);
    if (fine)
        loading->manifest->file_fds[index] = cell_memory_file(file->name,
                                                              buf_slice(&bytes), err);
    buf_finish(&bytes);
    return fine && loading->manifest->file_fds[index] >= 0;
}

static bool load_files(const struct loading *loading, struct err *err)
{
    struct manifest *manifest = loading->manifest;
    manifest->file_fds = malloc(manifest->files_count * sizeof *manifest->file_fds);
    if (manifest->file_fds == NULL)
        return err_set(err, ERR_INTERNAL, "no memory for %s", loading->path);
    for (unsigned i = 0; i < manifest->files_count; i++)
        manifest->file_fds[i] = -1;
    for (unsigned i = 0; i < manifest->files_count; i++)
        if (!load_file(loading, i, err))
            return false;
    return true;
}

/* Nothing of the text is read before some trusted key has signed it; which key may sign
 * this kind is known only afterwards. */
static bool load_text(struct loading *loading, struct slice text, struct err *err)
{
    char signers[256];
    return trust_check(loading->trust, NULL, loading->path, text, signers, err) &&
           manifest_parse(text, loading->path, &loading->manifest, err) &&
           trust_check(loading->trust, loading->manifest->kind, loading->path, text,
                       loading->manifest->signers, err) &&
           check_times(loading, err) && check_revision(loading, err) &&
           check_abi(loading, err) && load_files(loading, err);
}

bool manifest_load(const char *path, const char *object_dir, const struct trust *trust,
                   int64_t (*least_revision)(void *arg, const char *kind,
                                             const char *name),
                   void *arg, struct manifest **ret, struct err *err)
{
    assert(path != NULL && object_dir != NULL && trust != NULL && ret != NULL);
    struct loading loading = { path, object_dir, trust, least_revision, arg, NULL };
    struct buf text;
    buf_init(&text, YAML_BYTES_MAX);
    bool fine = file_read(path, &text, err) &&
                load_text(&loading, buf_slice(&text), err);
    buf_finish(&text);
    if (!fine) {
        manifest_destroy(&loading.manifest);
        return false;
    }
    *ret = loading.manifest;
    return true;
}

/* --- questions --- */

bool manifest_has_capability(const struct manifest *manifest, const char *capability)
{
    for (unsigned i = 0; i < manifest->capabilities_count; i++)
        if (strcmp(manifest->capabilities[i], capability) == 0)
            return true;
    return false;
}

const struct manifest_endpoint *manifest_endpoint_of(const struct manifest *manifest,
                                                     const char *name)
{
    for (unsigned i = 0; i < manifest->endpoints_count; i++)
        if (strcmp(manifest->endpoints[i].name, name) == 0)
            return &manifest->endpoints[i];
    return NULL;
}

const struct manifest_session *manifest_session_of(const struct manifest *manifest,
                                                   const char *name)
{
    for (unsigned i = 0; i < manifest->sessions_count; i++)
        if (strcmp(manifest->sessions[i].name, name) == 0)
            return &manifest->sessions[i];
    return NULL;
}
