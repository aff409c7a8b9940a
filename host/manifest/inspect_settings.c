#include "manifest/inspect.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "manifest/schema.h"

static bool int_fits(const struct manifest_setting *row, const char *text)
{
    bool minus = text[0] == '-';
    uint64_t number;
    if (!slice_u64(slice_of(text + minus), &number) || number > INT64_MAX)
        return false;
    int64_t value = minus ? -(int64_t)number : (int64_t)number;
    return value >= row->least && value <= row->most;
}

static bool bool_fits(const struct manifest_setting *row, const char *text)
{
    (void)row;
    return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
}

static bool text_fits(const struct manifest_setting *row, const char *text)
{
    bool fits = row->values_count == 0;
    for (unsigned i = 0; i < row->values_count; i++)
        fits = fits || strcmp(row->values[i], text) == 0;
    return fits;
}

static bool json_fits(const char *text, bool list)
{
    struct err why = ERR_INIT;
    json_t *value = json_read(slice_of(text), &why);
    bool fits = list ? json_is_array(value) : json_is_object(value);
    json_decref(value);
    return fits;
}

static bool list_fits(const struct manifest_setting *row, const char *text)
{
    (void)row;
    return json_fits(text, true);
}

static bool map_fits(const struct manifest_setting *row, const char *text)
{
    (void)row;
    return json_fits(text, false);
}

static const char *const type_words[] = { "text", "int", "bool", "list", "map", NULL };
/* In the order of type_words. */
static const struct {
    bool (*fits)(const struct manifest_setting *row, const char *text);
    const char *words;
} types[] = {
    { text_fits, "one of its values" },
    { int_fits, "a whole number from least to most" },
    { bool_fits, "true or false" },
    { list_fits, "a JSON array" },
    { map_fits, "a JSON object" },
};

static size_t type_index(const struct manifest_setting *row)
{
    size_t type = 0;
    while (strcmp(type_words[type], row->type) != 0)
        type++;
    return type;
}

/* A bound that is not said is none. */
static bool check_bounds(struct inspection *inspection, unsigned index)
{
    struct manifest_setting *row = &inspection->manifest->settings[index];
    struct inspect_pointer least = inspect_at("/settings", index, "least");
    struct inspect_pointer most = inspect_at("/settings", index, "most");
    bool has_least = inspect_is_given(inspection, least.text);
    bool has_most = inspect_is_given(inspection, most.text);
    if ((has_least || has_most) && strcmp(row->type, "int") != 0)
        return inspect_fail(inspection, has_least ? least.text : most.text,
                            "expected bounds at the type int only, found them at %s",
                            row->type);
    if (row->values_count > 0 && strcmp(row->type, "text") != 0)
        return inspect_fail(inspection, inspect_at("/settings", index, "values").text,
                            "expected values at the type text only, found them at %s",
                            row->type);
    if (!has_least)
        row->least = INT64_MIN;
    if (!has_most)
        row->most = INT64_MAX;
    return row->least <= row->most ||
           inspect_fail(inspection, most.text,
                        "expected at least `least` (%lld), found %lld",
                        (long long)row->least, (long long)row->most);
}

static bool check_setting(struct inspection *inspection, unsigned index)
{
    const struct manifest_setting *row = &inspection->manifest->settings[index];
    struct inspect_pointer at = inspect_at("/settings", index, "default");
    if (!inspect_word(inspection, type_words, row->type,
                      inspect_at("/settings", index, "type").text) ||
        !check_bounds(inspection, index))
        return false;
    if (row->otherwise == NULL)
        return true;
    if (row->required)
        return inspect_fail(inspection, at.text,
                            "expected no default at a setting that is required, found "
                            "\"%.40s\"",
                            row->otherwise);
    size_t type = type_index(row);
    return types[type].fits(row, row->otherwise) ||
           inspect_fail(inspection, at.text, "expected %s, found \"%.40s\"",
                        types[type].words, row->otherwise);
}

/* "a" and "a.b" cannot both have a value. */
static bool check_paths(struct inspection *inspection)
{
    const struct manifest *manifest = inspection->manifest;
    for (unsigned i = 0; i < manifest->settings_count; i++)
        for (unsigned j = 0; j < manifest->settings_count; j++) {
            const char *inner = manifest->settings[i].name;
            const char *outer = manifest->settings[j].name;
            size_t size = strlen(outer);
            if (strncmp(inner, outer, size) == 0 && inner[size] == '.')
                return inspect_fail(inspection, inspect_at("/settings", i, "name").text,
                                    "expected no setting inside another, found \"%s\" "
                                    "inside \"%s\"",
                                    inner, outer);
        }
    return true;
}

bool inspect_settings(struct inspection *inspection)
{
    const struct manifest *manifest = inspection->manifest;
    for (unsigned i = 0; i < manifest->settings_count; i++)
        if (!check_setting(inspection, i))
            return false;
    return inspect_names(inspection, manifest->settings, sizeof *manifest->settings,
                         manifest->settings_count, &form_dotted, "/settings", "name") &&
           check_paths(inspection);
}
