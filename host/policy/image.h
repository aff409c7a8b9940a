/* image.h - the inside of struct policy_image, for policy.c alone. */
#ifndef POLICY_IMAGE_H
#define POLICY_IMAGE_H

#include "policy/policy.h"

struct policy_image {
    struct manifest *manifest;
    struct cell_file *files; /* As many as the manifest's, in its order. */
};

#endif
