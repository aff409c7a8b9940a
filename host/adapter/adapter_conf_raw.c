#include "adapter/adapter_conf_raw.h"

#include <string.h>

#include "conf/file.h"

enum { TENANTS_MAX = 4096 };

static const cyaml_schema_field_t place_fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct raw_place, name, 1, 63),
    CYAML_FIELD_STRING_PTR("url", CYAML_FLAG_POINTER, struct raw_place, url, 1, 512),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t place_schema = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct raw_place, place_fields) };

bool raw_schema_build(struct raw_schema *schema, const struct manifest *manifest,
                      struct arena *arena)
{
    unsigned rows = manifest->settings_count;
    schema->settings = arena_alloc(arena, (rows + 1) * sizeof *schema->settings);
    if (schema->settings == NULL)
        return false;
    for (unsigned i = 0; i < rows; i++) {
        cyaml_schema_field_t field = {
            .key = manifest->settings[i].name,
            .data_offset = (uint32_t)(i * sizeof(char *)),
            .value = { CYAML_VALUE_STRING(
                CYAML_FLAG_POINTER_NULL_STR | CYAML_FLAG_OPTIONAL, char, 0, 65536) },
        };
        memcpy(&schema->settings[i], &field, sizeof field);
    }
    cyaml_schema_value_t settings = {
        .type = CYAML_MAPPING,
        .flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
        .data_size = (uint32_t)((rows == 0 ? 1 : rows) * sizeof(char *)),
        .mapping = { .fields = schema->settings },
    };
    cyaml_schema_field_t tenant[] = {
        CYAML_FIELD_STRING_PTR("tenant", CYAML_FLAG_POINTER, struct raw_tenant, tenant,
                               1, 63),
        { .key = "settings",
          .data_offset = offsetof(struct raw_tenant, settings),
          .value = settings },
        CYAML_FIELD_SEQUENCE("endpoints", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                             struct raw_tenant, endpoints, &place_schema, 0, 32),
        CYAML_FIELD_END
    };
    memcpy(schema->tenant, tenant, sizeof tenant);
    cyaml_schema_value_t tenant_value = { CYAML_VALUE_MAPPING(
        CYAML_FLAG_DEFAULT, struct raw_tenant, schema->tenant) };
    memcpy(&schema->tenant_value, &tenant_value, sizeof tenant_value);
    cyaml_schema_field_t top[] = {
        { .key = "settings",
          .data_offset = offsetof(struct raw_conf, settings),
          .value = settings },
        CYAML_FIELD_SEQUENCE("endpoints", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                             struct raw_conf, endpoints, &place_schema, 0, 32),
        CYAML_FIELD_SEQUENCE("tenants", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                             struct raw_conf, tenants, &schema->tenant_value, 0,
                             TENANTS_MAX),
        CYAML_FIELD_END
    };
    memcpy(schema->top, top, sizeof top);
    cyaml_schema_value_t value = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER,
                                                       struct raw_conf, schema->top) };
    memcpy(&schema->value, &value, sizeof value);
    return true;
}

bool raw_conf_read(const char *path, const struct raw_schema *schema,
                   struct raw_conf **ret, struct err *err)
{
    struct buf text;
    buf_init(&text, YAML_BYTES_MAX);
    void *value = NULL;
    bool ok = file_read(path, &text, err) &&
              yaml_read(buf_slice(&text), path, &schema->value, &value, NULL, err);
    buf_finish(&text);
    *ret = value;
    return ok;
}

void raw_conf_release(const struct raw_schema *schema, struct raw_conf **raw)
{
    if (*raw != NULL)
        yaml_release(&schema->value, *raw, 0);
    *raw = NULL;
}

const struct raw_place *raw_place_of(const struct raw_place *places, unsigned count,
                                     const char *name)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(places[i].name, name) == 0)
            return &places[i];
    return NULL;
}
