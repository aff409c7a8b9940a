#include "conf/settings.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/file.h"
#include "conf/nearest.h"
#include "conf/yaml_tree.h"

extern char **environ;

#define ENVIRONMENT_PREFIX "ESIMD_"

static const struct setting rows[SETTING_COUNT] = {
#define X(id, name, kind, otherwise, least, most, unit, text) \
    [id] = { name, kind, otherwise, least, most, unit, text },
#include "conf/settings_rows.h"
#undef X
};

struct settings {
    struct {
        int64_t number;
        char *text;
    } values[SETTING_COUNT];
};

/* Where a value was found, for its error. */
struct source {
    const char *place; /* "esimd.yaml:3" or "environment ESIMD_HTTP_LISTEN" */
};

static bool row_error(const struct setting *row, const struct source *source,
                      const char *value, struct err *err)
{
    if (row->kind == SETTING_BOOL)
        return err_field(err, row->name,
                         "%s: %s: expected true or false, found \"%.60s\"",
                         source->place, row->name, value);
    if (row->kind == SETTING_INT)
        return err_field(err, row->name,
                         "%s: %s: expected a whole number of %s from %lld to %lld, "
                         "found \"%.60s\"",
                         source->place, row->name, row->unit, (long long)row->least,
                         (long long)row->most, value);
    return err_field(err, row->name, "%s: %s: expected text, found control characters",
                     source->place, row->name);
}

static bool read_int(const struct setting *row, const char *value, int64_t *ret)
{
    uint64_t number;
    if (!slice_u64(slice_of(value), &number) || number > INT64_MAX ||
        (int64_t)number < row->least || (int64_t)number > row->most)
        return false;
    *ret = (int64_t)number;
    return true;
}

static bool read_bool(const char *value, int64_t *ret)
{
    *ret = strcmp(value, "true") == 0;
    return *ret || strcmp(value, "false") == 0;
}

static bool is_text(const char *value)
{
    while (*value != '\0' && !iscntrl((unsigned char)*value))
        value++;
    return *value == '\0';
}

static bool put(struct settings *settings, enum setting_id id, const char *value,
                const struct source *source, struct err *err)
{
    const struct setting *row = &rows[id];
    int64_t number = 0;
    bool fine = row->kind == SETTING_INT    ? read_int(row, value, &number)
                : row->kind == SETTING_BOOL ? read_bool(value, &number)
                                            : is_text(value);
    if (!fine)
        return row_error(row, source, value, err);
    char *text = strdup(value);
    if (text == NULL)
        return err_set(err, ERR_INTERNAL, "no memory for the settings");
    free(settings->values[id].text);
    settings->values[id].text = text;
    settings->values[id].number = number;
    return true;
}

static bool id_of(const char *name, const struct source *source, enum setting_id *ret,
                  struct err *err)
{
    struct nearest nearest = { .wanted = name };
    for (int id = 0; id < SETTING_COUNT; id++) {
        if (strcmp(rows[id].name, name) == 0) {
            *ret = (enum setting_id)id;
            return true;
        }
        nearest_try(&nearest, rows[id].name);
    }
    const char *near = nearest_name(&nearest);
    return err_field(err, name,
                     "%s: expected the name of a setting, found \"%.80s\"%s%s%s",
                     source->place, name, near != NULL ? "; did you mean \"" : "",
                     near != NULL ? near : "", near != NULL ? "\"?" : "");
}

static bool put_node(struct settings *settings, const struct yaml_tree *tree,
                     const struct yaml_node *node, struct err *err)
{
    char place[300], found[64];
    int length = snprintf(place, sizeof place, "%.280s:%u", yaml_tree_name(tree),
                          node->line);
    assert(length > 0);
    struct source source = { place };
    enum setting_id id;
    if (!id_of(node->key, &source, &id, err))
        return false;
    if (node->kind != NODE_SCALAR)
        return err_field(err, node->key, "%s: %s: expected one value, found %s", place,
                         node->key, yaml_node_found(node, found));
    return put(settings, id, node->text.ptr, &source, err);
}

static bool put_tree(struct settings *settings, const struct yaml_tree *tree,
                     struct err *err)
{
    const struct yaml_node *root = yaml_tree_root(tree);
    if (root == NULL || (root->kind == NODE_SCALAR && root->text.size == 0))
        return true; /* A file of comments alone. */
    if (root->kind != NODE_MAPPING)
        return yaml_fail(tree, root, err, "expected lines of \"name: value\"");
    for (const struct yaml_node *node = root->first; node != NULL; node = node->next)
        if (!put_node(settings, tree, node, err))
            return false;
    return true;
}

static bool put_file(struct settings *settings, const char *path, struct err *err)
{
    struct buf text;
    struct yaml_tree *tree = NULL;
    buf_init(&text, YAML_BYTES_MAX);
    bool fine = file_read(path, &text, err) &&
                yaml_tree_read(buf_slice(&text), path, &tree, err) &&
                put_tree(settings, tree, err);
    yaml_tree_destroy(&tree);
    buf_finish(&text);
    return fine;
}

/* "http.tls_cert" is ESIMD_HTTP_TLS_CERT. */
static void environment_name(enum setting_id id, char ret[96])
{
    int length = snprintf(ret, 96, ENVIRONMENT_PREFIX "%s", rows[id].name);
    assert(length > 0 && length < 96);
    for (char *c = ret; *c != '\0'; c++)
        *c = *c == '.' ? '_' : (char)toupper((unsigned char)*c);
}

static bool unknown_variable(const char *name, struct err *err)
{
    char known[SETTING_COUNT][96];
    struct nearest nearest = { .wanted = name };
    for (int id = 0; id < SETTING_COUNT; id++) {
        environment_name((enum setting_id)id, known[id]);
        nearest_try(&nearest, known[id]);
    }
    const char *near = nearest_name(&nearest);
    return err_field(
        err, name, "environment: expected the name of a setting, found \"%.80s\"%s%s%s",
        name, near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
        near != NULL ? "\"?" : "");
}

static bool put_variable(struct settings *settings, const char *variable,
                         struct err *err)
{
    char name[96], wanted[96], place[128];
    size_t size = strcspn(variable, "=");
    const char *value = variable[size] == '=' ? variable + size + 1 : "";
    int cut = snprintf(name, sizeof name, "%.*s", size < 95 ? (int)size : 95, variable);
    assert(cut > 0);
    for (int id = 0; id < SETTING_COUNT; id++) {
        environment_name((enum setting_id)id, wanted);
        if (strcmp(wanted, name) != 0)
            continue;
        int length = snprintf(place, sizeof place, "environment %s", name);
        assert(length > 0);
        return put(settings, (enum setting_id)id, value, &(struct source){ place },
                   err);
    }
    return unknown_variable(name, err);
}

static bool put_environment(struct settings *settings, struct err *err)
{
    for (char **variable = environ; variable != NULL && *variable != NULL; variable++)
        if (strncmp(*variable, ENVIRONMENT_PREFIX, strlen(ENVIRONMENT_PREFIX)) == 0 &&
            !put_variable(settings, *variable, err))
            return false;
    return true;
}

static bool put_defaults(struct settings *settings, struct err *err)
{
    for (int id = 0; id < SETTING_COUNT; id++)
        if (!put(settings, (enum setting_id)id, rows[id].otherwise,
                 &(struct source){ "default" }, err))
            return false;
    return true;
}

struct settings *settings_load(const char *path, struct err *err)
{
    struct settings *settings = calloc(1, sizeof *settings);
    if (settings == NULL) {
        err_set(err, ERR_INTERNAL, "no memory for the settings");
        return NULL;
    }
    if (!put_defaults(settings, err) ||
        (path != NULL && !put_file(settings, path, err)) ||
        !put_environment(settings, err))
        settings_destroy(&settings);
    return settings;
}

void settings_destroy(struct settings **settings)
{
    if (*settings == NULL)
        return;
    for (int id = 0; id < SETTING_COUNT; id++)
        free((*settings)->values[id].text);
    free(*settings);
    *settings = NULL;
}

bool settings_set(struct settings *settings, const char *name, const char *value,
                  struct err *err)
{
    enum setting_id id;
    struct source source = { "setting" };
    return id_of(name, &source, &id, err) && put(settings, id, value, &source, err);
}

int64_t settings_int(const struct settings *settings, enum setting_id id)
{
    assert(rows[id].kind == SETTING_INT);
    return settings->values[id].number;
}

bool settings_bool(const struct settings *settings, enum setting_id id)
{
    assert(rows[id].kind == SETTING_BOOL);
    return settings->values[id].number != 0;
}

const char *settings_text(const struct settings *settings, enum setting_id id)
{
    assert(rows[id].kind == SETTING_TEXT);
    return settings->values[id].text;
}

const struct setting *settings_row(enum setting_id id)
{
    assert(id >= 0 && id < SETTING_COUNT);
    return &rows[id];
}

static void document_row(const struct setting *row, struct buf *ret)
{
    const char *quote = row->otherwise[0] != '\0' ? "`" : "";
    buf_add_format(ret, "| `%s` | %s%s%s | ", row->name, quote, row->otherwise, quote);
    if (row->kind == SETTING_INT)
        buf_add_format(ret, "%lld to %lld %s", (long long)row->least,
                       (long long)row->most, row->unit);
    else
        buf_add_text(ret, row->kind == SETTING_BOOL ? "true or false" : row->unit);
    buf_add_format(ret, " | %s |\n", row->text);
}

void settings_document(struct buf *ret)
{
    buf_add_text(ret, "# Settings\n\n"
                      "One `name: value` a line in the settings file (YAML); the "
                      "environment wins: `http.listen` is `ESIMD_HTTP_LISTEN`.\n\n"
                      "| name | default | values | meaning |\n|---|---|---|---|\n");
    for (int id = 0; id < SETTING_COUNT; id++)
        document_row(&rows[id], ret);
}
