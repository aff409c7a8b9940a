#include "conf/yaml.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* libcyaml's words: the first line says what, the following ones say where, innermost
 * first. They are a second line of defence; yaml_check speaks first. */
struct words {
    char text[256];
};

static void keep_words(cyaml_log_t level, void *ctx, const char *format, va_list args)
{
    struct words *words = ctx;
    size_t used = strlen(words->text);
    if (level < CYAML_LOG_ERROR || used + 1 >= sizeof words->text)
        return;
    int length = vsnprintf(words->text + used, sizeof words->text - used, format, args);
    assert(length >= 0);
    for (char *c = words->text; *c != '\0'; c++)
        if (*c == '\n')
            *c = ' ';
}

static cyaml_config_t config_for(struct words *words)
{
    return (cyaml_config_t){ .log_fn = keep_words,
                             .log_ctx = words,
                             .log_level = CYAML_LOG_ERROR,
                             .mem_fn = cyaml_mem,
                             .flags = CYAML_CFG_NO_ALIAS };
}

bool yaml_read_tree(const struct yaml_tree *tree, struct slice text,
                    const cyaml_schema_value_t *schema, void **ret, unsigned *ret_count,
                    struct err *err)
{
    assert(schema != NULL && ret != NULL);
    if (!yaml_check(tree, schema, err))
        return false;
    struct words words = { "" };
    cyaml_config_t config = config_for(&words);
    cyaml_err_t code = cyaml_load_data((const uint8_t *)text.ptr, text.size, &config,
                                       schema, ret, ret_count);
    if (code == CYAML_OK)
        return true;
    return yaml_fail(tree, NULL, err, "%s: %s", cyaml_strerror(code), words.text);
}

bool yaml_read(struct slice text, const char *name, const cyaml_schema_value_t *schema,
               void **ret, unsigned *ret_count, struct err *err)
{
    struct yaml_tree *tree = NULL;
    if (!yaml_tree_read(text, name, &tree, err))
        return false;
    bool fine = yaml_read_tree(tree, text, schema, ret, ret_count, err);
    yaml_tree_destroy(&tree);
    return fine;
}

void yaml_release(const cyaml_schema_value_t *schema, void *value, unsigned count)
{
    struct words words = { "" };
    cyaml_config_t config = config_for(&words);
    cyaml_err_t code = cyaml_free(&config, schema, value, count);
    assert(code == CYAML_OK);
}
