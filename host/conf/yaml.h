/* yaml.h - YAML files through libcyaml, read as hostile.
 *
 * First conf/yaml_tree.h reads the document (caps, no anchors or aliases), then the tree
 * is held against the schema, then libcyaml fills the structs. The second step is ours
 * because libcyaml 1.3.1 takes "maybe" for true, "1x" for 1 and "010" for 8, and gives
 * no line for a missing field. Errors say file, line, field, what was expected and what
 * was found.
 *
 * Threads  Any. */
#ifndef CONF_YAML_H
#define CONF_YAML_H

#include <cyaml/cyaml.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"
#include "conf/yaml_tree.h"

/* Reads `text` by `schema` into memory the caller frees with yaml_release. `name` is what
 * errors call the document (a path). Optional members that are absent are zero. (The
 * name yaml_free is taken: libyaml exports it.) */
bool yaml_read(struct slice text, const char *name, const cyaml_schema_value_t *schema,
               void **ret, unsigned *ret_count, struct err *err);
void yaml_release(const cyaml_schema_value_t *schema, void *value, unsigned count);

/* As yaml_read when the tree is there already (to ask it for lines later). `text` must
 * be what the tree was read from. */
bool yaml_read_tree(const struct yaml_tree *tree, struct slice text,
                    const cyaml_schema_value_t *schema, void **ret, unsigned *ret_count,
                    struct err *err);

/* Does the tree fit the schema? Types, lengths, counts, unknown and missing fields. */
bool yaml_check(const struct yaml_tree *tree, const cyaml_schema_value_t *schema,
                struct err *err);

#endif
