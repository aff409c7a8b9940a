/* A verified revision, shared by every loop's policy. */
#include "policy/image.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

struct policy_image *policy_image_create(struct manifest *manifest)
{
    assert(manifest != NULL && manifest->file_fds != NULL);
    struct policy_image *image = calloc(1, sizeof *image);
    struct cell_file *files = calloc(manifest->files_count + 1, sizeof *files);
    if (image == NULL || files == NULL) {
        free(files);
        free(image);
        manifest_destroy(&manifest);
        return NULL;
    }
    for (unsigned i = 0; i < manifest->files_count; i++)
        files[i] = (struct cell_file){ manifest->files[i].name, manifest->file_fds[i] };
    *image =
        (struct policy_image){ .references = 1, .manifest = manifest, .files = files };
    return image;
}

struct policy_image *policy_image_keep(struct policy_image *image)
{
    atomic_fetch_add(&image->references, 1);
    return image;
}

void policy_image_drop(struct policy_image **image)
{
    struct policy_image *gone = *image;
    *image = NULL;
    if (gone == NULL || atomic_fetch_sub(&gone->references, 1) > 1)
        return;
    manifest_destroy(&gone->manifest);
    free(gone->files);
    free(gone);
}

const struct manifest *policy_image_manifest(const struct policy_image *image)
{
    return image->manifest;
}

int64_t policy_image_revision(const struct policy_image *image)
{
    return image->manifest->revision;
}

const char *policy_image_digest(const struct policy_image *image)
{
    return image->manifest->digest;
}
