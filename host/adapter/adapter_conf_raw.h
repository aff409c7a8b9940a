/* adapter_conf_raw.h - adapters.d/NAME.yaml as it is written, before it means anything.
 *
 * The YAML schema of the settings is made at run time from the manifest's rows, so that
 * an unknown setting is refused with the line it stands in.
 *
 * Threads  Any; at loading time. */
#ifndef ADAPTER_ADAPTER_CONF_RAW_H
#define ADAPTER_ADAPTER_CONF_RAW_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "conf/yaml.h"
#include "manifest/manifest.h"

struct raw_place {
    char *name;
    char *url;
};

struct raw_tenant {
    char *tenant;
    char **settings; /* One text a manifest row, NULL when absent; NULL: none. */
    struct raw_place *endpoints;
    unsigned endpoints_count;
};

struct raw_conf {
    char **settings;
    struct raw_place *endpoints;
    unsigned endpoints_count;
    struct raw_tenant *tenants;
    unsigned tenants_count;
};

struct raw_schema {
    cyaml_schema_field_t *settings; /* One a manifest row, and the end. */
    cyaml_schema_field_t tenant[4];
    cyaml_schema_value_t tenant_value;
    cyaml_schema_field_t top[4];
    cyaml_schema_value_t value;
};

/* The schema points into itself, into the manifest and into the arena. */
bool raw_schema_build(struct raw_schema *schema, const struct manifest *manifest,
                      struct arena *arena);

bool raw_conf_read(const char *path, const struct raw_schema *schema,
                   struct raw_conf **ret, struct err *err);
void raw_conf_release(const struct raw_schema *schema, struct raw_conf **raw);

/* By name, or NULL. */
const struct raw_place *raw_place_of(const struct raw_place *places, unsigned count,
                                     const char *name);

#endif
