/* yaml.h - YAML files through libcyaml, read as hostile.
 *
 * Anchors and aliases are refused, bytes and depth are capped before the schema sees
 * anything. Errors say file, line, field, what was expected and what was found.
 *
 * Threads  Any. */
#ifndef CONF_YAML_H
#define CONF_YAML_H

#include <cyaml/cyaml.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

enum { YAML_BYTES_MAX = 256 * 1024, YAML_DEPTH_MAX = 16 };

/* Reads `text` by `schema` into memory the caller frees with yaml_free. `name` is what
 * errors call the document (a path). */
bool yaml_read(struct slice text, const char *name, const cyaml_schema_value_t *schema,
               void **ret, unsigned *ret_count, struct err *err);
void yaml_free(const cyaml_schema_value_t *schema, void *value, unsigned count);

#endif
