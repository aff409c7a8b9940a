/* schema.h - the manifest's shape for libcyaml. Private to manifest/. */
#ifndef MANIFEST_SCHEMA_H
#define MANIFEST_SCHEMA_H

#include "conf/yaml.h"

enum {
    MANIFEST_NAME_MAX = 31, /* As ESIM_NAME_SIZE and ESIM_VERSION_SIZE, without NUL. */
    MANIFEST_PLACES_MAX = 32,
    MANIFEST_SETTINGS_MAX = 128,
    MANIFEST_FILES_MAX = 16,
    MANIFEST_FILE_BYTES_MAX = 64 * 1024 * 1024
};

extern const cyaml_schema_value_t manifest_schema;

#endif
