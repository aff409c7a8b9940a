/* A verified revision: owned by the process, shared by every loop's policy. */
#include "policy/image.h"

#include <assert.h>
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
    *image = (struct policy_image){ .manifest = manifest, .files = files };
    return image;
}

void policy_image_destroy(struct policy_image **image)
{
    if (*image == NULL)
        return;
    manifest_destroy(&(*image)->manifest);
    free((*image)->files);
    free(*image);
    *image = NULL;
}

int64_t policy_image_revision(const struct policy_image *image)
{
    return image->manifest->revision;
}

const char *policy_image_digest(const struct policy_image *image)
{
    return image->manifest->digest;
}
