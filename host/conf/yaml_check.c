#include "conf/yaml.h"

#include <stdio.h>
#include <string.h>

#include "conf/nearest.h"

struct check {
    const struct yaml_tree *tree;
    struct err *err;
};

static bool check_value(struct check *check, const struct yaml_node *node,
                        const cyaml_schema_value_t *schema);

static bool expected(struct check *check, const struct yaml_node *node,
                     const char *what)
{
    char found[64];
    return yaml_fail(check->tree, node, check->err, "expected %s, found %s", what,
                     yaml_node_found(node, found));
}

/* The range follows from the width of the member that will hold it. */
static bool check_number(struct check *check, const struct yaml_node *node,
                         const cyaml_schema_value_t *schema)
{
    int64_t number, least = 0, most = INT64_MAX;
    unsigned bits = 8 * schema->data_size;
    if (schema->type == CYAML_INT && bits <= 64)
        most = (int64_t)(UINT64_MAX >> (65 - bits)), least = -most - 1;
    else if (bits < 64)
        most = (int64_t)(UINT64_MAX >> (64 - bits));
    if (!yaml_node_int(node, &number))
        return expected(check, node, "a whole number");
    if (number >= least && number <= most)
        return true;
    return yaml_fail(check->tree, node, check->err,
                     "expected a number from %lld to %lld, found %lld",
                     (long long)least, (long long)most, (long long)number);
}

static bool check_bool(struct check *check, const struct yaml_node *node,
                       const cyaml_schema_value_t *schema)
{
    (void)schema;
    if (node->kind == NODE_SCALAR && !node->quoted &&
        (slice_is(node->text, "true") || slice_is(node->text, "false")))
        return true;
    return expected(check, node, "true or false");
}

static bool check_text(struct check *check, const struct yaml_node *node,
                       const cyaml_schema_value_t *schema)
{
    bool absent = node->kind == NODE_SCALAR && !node->quoted && node->text.size == 0;
    if (node->kind != NODE_SCALAR || (absent && schema->string.min > 0))
        return expected(check, node, "text");
    if (node->text.size >= schema->string.min && node->text.size <= schema->string.max)
        return true;
    return yaml_fail(check->tree, node, check->err,
                     "expected text of %u to %u bytes, found %zu", schema->string.min,
                     schema->string.max, node->text.size);
}

static bool check_sequence(struct check *check, const struct yaml_node *node,
                           const cyaml_schema_value_t *schema)
{
    if (node->kind != NODE_SEQUENCE)
        return expected(check, node, "a list");
    if (node->count < schema->sequence.min || node->count > schema->sequence.max)
        return yaml_fail(check->tree, node, check->err,
                         "expected a list of %u to %u entries, found %u",
                         schema->sequence.min, schema->sequence.max, node->count);
    for (const struct yaml_node *entry = node->first; entry != NULL;
         entry = entry->next)
        if (!check_value(check, entry, schema->sequence.entry))
            return false;
    return true;
}

static const cyaml_schema_field_t *field_named(const cyaml_schema_field_t *fields,
                                               const char *key)
{
    while (fields->key != NULL && strcmp(fields->key, key) != 0)
        fields++;
    return fields->key != NULL ? fields : NULL;
}

static bool unknown_field(struct check *check, const struct yaml_node *node,
                          const cyaml_schema_field_t *fields)
{
    struct nearest nearest = { .wanted = node->key };
    for (; fields->key != NULL; fields++)
        nearest_try(&nearest, fields->key);
    const char *name = nearest_name(&nearest);
    return yaml_fail(check->tree, node, check->err,
                     "expected a known field, found \"%s\"%s%s%s", node->key,
                     name != NULL ? "; did you mean \"" : "", name != NULL ? name : "",
                     name != NULL ? "\"?" : "");
}

static bool missing_field(struct check *check, const struct yaml_node *node,
                          const char *key)
{
    if (!yaml_fail(check->tree, node, check->err,
                   "expected the field \"%s\", found none", key) &&
        check->err != NULL) {
        char pointer[128];
        yaml_node_pointer(node, pointer, sizeof pointer);
        int length = snprintf(check->err->field, sizeof check->err->field,
                              "%.80s/%.40s", pointer, key);
        (void)length;
    }
    return false;
}

static bool check_mapping(struct check *check, const struct yaml_node *node,
                          const cyaml_schema_value_t *schema)
{
    const cyaml_schema_field_t *fields = schema->mapping.fields;
    if (node->kind != NODE_MAPPING)
        return expected(check, node, "a mapping");
    for (const struct yaml_node *member = node->first; member != NULL;
         member = member->next) {
        const cyaml_schema_field_t *field = field_named(fields, member->key);
        if (field == NULL)
            return unknown_field(check, member, fields);
        if (!check_value(check, member, &field->value))
            return false;
    }
    for (; fields->key != NULL; fields++)
        if ((fields->value.flags & CYAML_FLAG_OPTIONAL) == 0 &&
            yaml_node_member(node, fields->key) == NULL)
            return missing_field(check, node, fields->key);
    return true;
}

/* A hole is a type that libcyaml checks well enough alone. */
static bool (*const checks[CYAML__TYPE_COUNT])(struct check *, const struct yaml_node *,
                                               const cyaml_schema_value_t *) = {
    [CYAML_INT] = check_number,      [CYAML_UINT] = check_number,
    [CYAML_BOOL] = check_bool,       [CYAML_STRING] = check_text,
    [CYAML_MAPPING] = check_mapping, [CYAML_SEQUENCE] = check_sequence,
};

static bool check_value(struct check *check, const struct yaml_node *node,
                        const cyaml_schema_value_t *schema)
{
    return checks[schema->type] == NULL || checks[schema->type](check, node, schema);
}

bool yaml_check(const struct yaml_tree *tree, const cyaml_schema_value_t *schema,
                struct err *err)
{
    struct check check = { tree, err };
    const struct yaml_node *root = yaml_tree_root(tree);
    if (root == NULL)
        return yaml_fail(tree, NULL, err, "expected a document, found nothing");
    return check_value(&check, root, schema);
}
