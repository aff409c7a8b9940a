/* image.h - the inside of struct policy_image, for the files of this folder. */
#ifndef POLICY_IMAGE_H
#define POLICY_IMAGE_H

#include "policy/policy.h"

struct policy_image {
    _Atomic unsigned references;
    struct manifest *manifest;
    struct cell_file *files; /* As many as the manifest's, in its order. */
};

#endif
