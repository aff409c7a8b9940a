#include "check.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/file.h"
#include "conf/settings.h"
#include "conf/yaml.h"

static char folder[] = "/tmp/esimd-settings-XXXXXX";
static char path[64];

static void write_settings(const char *text)
{
    struct err err = ERR_INIT;
    if (!file_write(path, slice_of(text), 0600, &err))
        CU_FAIL_FATAL("cannot write the scratch file");
}

static void check_refused(const char *text, const char *says, const char *field)
{
    struct err err = ERR_INIT;
    write_settings(text);
    struct settings *settings = settings_load(path, &err);
    CHECK(settings == NULL);
    CHECK_INT(err.code, ERR_INVALID);
    CHECK_TEXT(err.field, field);
    CHECK(strstr(err.text, path) != NULL);
    if (strstr(err.text, says) == NULL)
        CHECK_TEXT(err.text, says);
    settings_destroy(&settings);
}

static void every_row_has_a_default_in_its_range_and_a_text(void)
{
    struct err err = ERR_INIT;
    struct settings *settings = settings_load(NULL, &err);
    CHECK_TEXT(err.text, "");
    CHECK_FATAL(settings != NULL);
    for (int id = 0; id < SETTING_COUNT; id++) {
        const struct setting *row = settings_row((enum setting_id)id);
        CHECK(row->text[0] != '\0' && row->unit[0] != '\0');
        if (row->kind != SETTING_INT)
            continue;
        int64_t value = settings_int(settings, (enum setting_id)id);
        CHECK(row->least <= row->most);
        CHECK(value >= row->least && value <= row->most);
    }
    CHECK_TEXT(settings_text(settings, SET_HTTP_LISTEN), "127.0.0.1:8080");
    settings_destroy(&settings);
    CHECK(settings == NULL);
}

static void the_environment_wins_over_the_file_and_the_file_over_the_default(void)
{
    struct err err = ERR_INIT;
    write_settings("# ours\nhttp.listen: 127.0.0.1:0\nhttp.threads: 4\n"
                   "http.socket: \"\"\n");
    setenv("ESIMD_HTTP_THREADS", "7", 1);
    setenv("ESIMD_HTTP_TLS_CLIENT_CA", "", 1);
    struct settings *settings = settings_load(path, &err);
    unsetenv("ESIMD_HTTP_THREADS");
    unsetenv("ESIMD_HTTP_TLS_CLIENT_CA");
    CHECK_TEXT(err.text, "");
    CHECK_FATAL(settings != NULL);
    CHECK_TEXT(settings_text(settings, SET_HTTP_LISTEN), "127.0.0.1:0");
    CHECK_TEXT(settings_text(settings, SET_HTTP_SOCKET), "");
    CHECK_INT(settings_int(settings, SET_HTTP_THREADS), 7);
    CHECK_INT(settings_int(settings, SET_PAGE_DEFAULT), 50);
    settings_destroy(&settings);
}

static void a_wrong_line_is_named_with_file_line_row_expected_and_found(void)
{
    check_refused("http.threads: 2\nhttp.threds: 3\n",
                  ":2: expected the name of a setting, found \"http.threds\"; did you "
                  "mean \"http.threads\"?",
                  "http.threds");
    check_refused("\n\nhttp.threads: 65\n",
                  ":3: http.threads: expected a whole number of threads from 1 to 64, "
                  "found \"65\"",
                  "http.threads");
    check_refused("http.threads: 2s\n", "found \"2s\"", "http.threads");
    check_refused("http.threads: -1\n", "found \"-1\"", "http.threads");
    check_refused("http.threads:\n", "found \"\"", "http.threads");
    check_refused("http.threads: [2]\n",
                  ":1: http.threads: expected one value, found a "
                  "list",
                  "http.threads");
    check_refused("http.listen: \"a\\nb\"\n", "expected text, found control characters",
                  "http.listen");
    check_refused("zzzzzzzz: 1\n", "expected the name of a setting, found \"zzzzzzzz\"",
                  "zzzzzzzz");
    check_refused("http.threads: 2\nhttp.threads: 3\n",
                  ":2: expected each key once, found \"http.threads\" twice", "");
    check_refused("- http.threads\n", ":1: expected lines of \"name: value\"", "");
    check_refused("http: {threads: 2}\n", "expected the name of a setting", "http");
}

static void a_wrong_environment_variable_is_named(void)
{
    struct err err = ERR_INIT;
    setenv("ESIMD_HTTP_LISTN", "x", 1);
    CHECK(settings_load(NULL, &err) == NULL);
    unsetenv("ESIMD_HTTP_LISTN");
    CHECK_TEXT(err.text, "environment: expected the name of a setting, found "
                         "\"ESIMD_HTTP_LISTN\"; did you mean \"ESIMD_HTTP_LISTEN\"?");
    setenv("ESIMD_HTTP_THREADS", "many", 1);
    CHECK(settings_load(NULL, &err) == NULL);
    unsetenv("ESIMD_HTTP_THREADS");
    CHECK_TEXT(err.text,
               "environment ESIMD_HTTP_THREADS: http.threads: expected a whole number "
               "of threads from 1 to 64, found \"many\"");
}

/* What stands after the equals sign of a mistyped variable may be a secret. */
static void the_value_of_an_unknown_name_is_not_repeated(void)
{
    struct err err = ERR_INIT;
    char name[100];
    memset(name, 'A', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    memcpy(name, "ESIMD_", 6);
    setenv(name, "hunter2", 1);
    CHECK(settings_load(NULL, &err) == NULL);
    unsetenv(name);
    CHECK(strstr(err.text, "hunter2") == NULL && strstr(err.field, "hunter2") == NULL);
    write_settings("seal.key: hunter2\n");
    CHECK(settings_load(path, &err) == NULL);
    CHECK(strstr(err.text, "hunter2") == NULL);
}

static void one_value_is_set_by_name(void)
{
    struct err err = ERR_INIT;
    struct settings *settings = settings_load(NULL, &err);
    CHECK_FATAL(settings != NULL);
    CHECK(settings_set(settings, "http.threads", "3", &err));
    CHECK_INT(settings_int(settings, SET_HTTP_THREADS), 3);
    CHECK(!settings_set(settings, "http.threads", "0", &err));
    CHECK_INT(settings_int(settings, SET_HTTP_THREADS), 3);
    CHECK(!settings_set(settings, "http.none", "0", &err));
    CHECK_TEXT(err.field, "http.none");
    settings_destroy(&settings);
}

static void the_document_has_a_line_for_each_row(void)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    settings_document(&text);
    CHECK(buf_ok(&text));
    for (int id = 0; id < SETTING_COUNT; id++) {
        char cell[96];
        CHECK(snprintf(cell, sizeof cell, "| `%s` |",
                       settings_row((enum setting_id)id)->name) > 0);
        CHECK(strstr(text.ptr, cell) != NULL);
    }
    buf_finish(&text);
}

static void an_empty_file_is_all_defaults_and_a_missing_one_is_not_found(void)
{
    struct err err = ERR_INIT;
    write_settings("# nothing yet\n");
    struct settings *settings = settings_load(path, &err);
    CHECK(settings != NULL);
    settings_destroy(&settings);
    CHECK(settings_load("/nowhere/esimd.yaml", &err) == NULL);
    CHECK_INT(err.code, ERR_NOT_FOUND);
    CHECK(strstr(err.text, "/nowhere/esimd.yaml") != NULL);
}

static void a_file_is_read_only_when_regular_and_within_the_cap(void)
{
    struct err err = ERR_INIT;
    struct buf text;
    char name[80];
    buf_init(&text, 4);
    write_settings("12345");
    CHECK(!file_read(path, &text, &err));
    CHECK_INT(err.code, ERR_LIMIT);
    CHECK(!file_read(folder, &text, &err));
    CHECK_INT(err.code, ERR_INVALID);
    CHECK_FATAL(file_path(name, sizeof name, folder, "pipe", &err));
    CHECK_FATAL(mkfifo(name, 0600) == 0);
    CHECK(!file_read(name, &text, &err));
    CHECK(strstr(err.text, "expected a regular file") != NULL);
    unlink(name);
    buf_finish(&text);
    CHECK(!file_path(name, 10, "/folder", "name", &err));
    CHECK(!file_write("/nowhere/file", SLICE_LITERAL("x"), 0600, &err));
    CHECK_INT(err.code, ERR_IO);
}

static void a_file_is_written_whole_with_its_mode(void)
{
    struct err err = ERR_INIT;
    struct stat stat_of;
    struct buf text;
    buf_init(&text, 100);
    CHECK(file_write(path, SLICE_LITERAL("first"), 0600, &err));
    CHECK(file_write(path, SLICE_LITERAL("second"), 0400, &err));
    CHECK(file_read(path, &text, &err));
    CHECK_TEXT(text.ptr, "second");
    CHECK(stat(path, &stat_of) == 0 && (stat_of.st_mode & 0777) == 0400);
    CHECK(unlink(path) == 0);
    CHECK(rmdir(folder) == 0 && mkdir(folder, 0700) == 0); /* Nothing was left. */
    buf_finish(&text);
}

static bool read_tree(const char *text, struct err *err)
{
    struct yaml_tree *tree = NULL;
    bool fine = yaml_tree_read(slice_of(text), "doc.yaml", &tree, err);
    yaml_tree_destroy(&tree);
    return fine;
}

static void check_yaml_refused(const char *text, const char *says)
{
    struct err err = ERR_INIT;
    CHECK(!read_tree(text, &err));
    CHECK_TEXT(err.text, says);
}

static void yaml_that_a_reader_has_no_use_for_is_refused(void)
{
    check_yaml_refused("a: &x 1\n", "doc.yaml:1: expected no anchors, found \"&x\"");
    check_yaml_refused("a: &x [1]\n", "doc.yaml:1: expected no anchors, found \"&x\"");
    check_yaml_refused("a: 1\nb: *x\n",
                       "doc.yaml:2: expected no aliases, found \"*x\"");
    check_yaml_refused(
        "a: 1\n<<: {b: 1}\n",
        "doc.yaml:2: expected a name of letters, digits, '_', '.' or '-' "
        "and at most 128 characters as key, found something else");
    check_yaml_refused("a: !!binary aGk=\n", "doc.yaml:1: expected no tags, found one");
    check_yaml_refused("a: !x {b: 1}\n", "doc.yaml:1: expected no tags, found one");
    check_yaml_refused("a: 1\n---\nb: 2\n",
                       "doc.yaml:2: expected one document, found another");
    check_yaml_refused("l:\n - a: 1\n   a: 2\n",
                       "doc.yaml:3: /l/0: expected each key once, found \"a\" twice");
    check_yaml_refused("a: \"x\\0y\"\n",
                       "doc.yaml:1: expected text, found a NUL character");
    check_yaml_refused("? [a]\n: b\n",
                       "doc.yaml:1: expected a name as key, found a list or mapping");
    check_yaml_refused("a: [1\n", "doc.yaml:2: /a: expected YAML, found: did not find "
                                  "expected ',' or ']'");
    check_yaml_refused("a: \x01\n", "doc.yaml:1: expected YAML, found: control "
                                    "characters are not allowed");
    check_yaml_refused("a: \xff\n", "doc.yaml:1: expected YAML, found: invalid leading "
                                    "UTF-8 octet");
}

/* Nine levels of nine aliases are 387 million values in a reader that follows them. */
static void an_alias_bomb_is_refused_at_its_first_anchor(void)
{
    check_yaml_refused("a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                       "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n",
                       "doc.yaml:1: expected no anchors, found \"&a\"");
}

static void yaml_has_caps_on_bytes_levels_and_values(void)
{
    struct err err = ERR_INIT;
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int i = 0; i < 20000; i++)
        buf_add_char(&text, '[');
    CHECK(!read_tree(text.ptr, &err));
    CHECK(strstr(err.text, "expected at most 16 levels, found more") != NULL);
    buf_clear(&text);
    buf_add_text(&text, "a: [");
    for (int i = 0; i < YAML_NODES_MAX; i++)
        buf_add_text(&text, "1,");
    buf_add_text(&text, "]\n");
    CHECK(!read_tree(text.ptr, &err));
    CHECK_TEXT(err.text, "doc.yaml:1: /a: expected at most 16384 values, found more");
    buf_clear(&text);
    for (int i = 0; i <= YAML_MEMBERS_MAX; i++)
        buf_add_format(&text, "k%d: 1\n", i);
    CHECK(!read_tree(text.ptr, &err));
    CHECK_TEXT(err.text, "doc.yaml:1025: expected at most 1024 members, found more");
    buf_clear(&text);
    for (int i = 0; i <= YAML_BYTES_MAX; i++)
        buf_add_char(&text, '#');
    CHECK(!read_tree(text.ptr, &err));
    CHECK_INT(err.code, ERR_LIMIT);
    CHECK_TEXT(err.text, "doc.yaml: expected at most 262144 bytes, found 262145");
    buf_finish(&text);
}

struct item {
    uint16_t port;
    int64_t number;
    bool yes;
    char *name;
};

struct list {
    struct item *items;
    unsigned items_count;
};

static const cyaml_schema_field_t item_fields[] = {
    CYAML_FIELD_UINT("port", CYAML_FLAG_OPTIONAL, struct item, port),
    CYAML_FIELD_INT("number", CYAML_FLAG_OPTIONAL, struct item, number),
    CYAML_FIELD_BOOL("yes", CYAML_FLAG_OPTIONAL, struct item, yes),
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct item, name, 1, 8),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t item_schema = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct item, item_fields) };
static const cyaml_schema_field_t list_fields[] = {
    CYAML_FIELD_SEQUENCE("items", CYAML_FLAG_POINTER, struct list, items, &item_schema,
                         1, 2),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t list_schema = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_POINTER, struct list, list_fields) };

static void a_schema_fills_structs_and_absent_members_are_zero(void)
{
    struct err err = ERR_INIT;
    void *value = NULL;
    CHECK_FATAL(yaml_read(SLICE_LITERAL("items:\n - {name: '1', port: 65535}\n"
                                        " - {name: b, number: -5, yes: true}\n"),
                          "doc.yaml", &list_schema, &value, NULL, &err));
    struct list *list = value;
    CHECK_INT(list->items_count, 2);
    CHECK_TEXT(list->items[0].name, "1");
    CHECK_INT(list->items[0].port, 65535);
    CHECK_INT(list->items[1].number, -5);
    CHECK(list->items[1].yes && !list->items[0].yes);
    yaml_release(&list_schema, value, 0);
}

static void check_schema_refused(const char *text, const char *field, const char *says)
{
    struct err err = ERR_INIT;
    void *value = NULL;
    CHECK(!yaml_read(slice_of(text), "doc.yaml", &list_schema, &value, NULL, &err));
    CHECK(value == NULL);
    CHECK_TEXT(err.field, field);
    CHECK_TEXT(err.text, says);
}

static void a_document_that_does_not_fit_its_schema_is_told_where_and_why(void)
{
    check_schema_refused("", "", "doc.yaml:1: expected a document, found nothing");
    check_schema_refused("- 1\n", "", "doc.yaml:1: expected a mapping, found a list");
    check_schema_refused(
        "items: []\n", "/items",
        "doc.yaml:1: /items: expected a list of 1 to 2 entries, found 0");
    check_schema_refused("items: 5\n", "/items",
                         "doc.yaml:1: /items: expected a list, found \"5\"");
    check_schema_refused(
        "items:\n - port: 1\n", "/items/0/name",
        "doc.yaml:2: /items/0: expected the field \"name\", found none");
    check_schema_refused("items:\n - name: a\n   prt: 1\n", "/items/0/prt",
                         "doc.yaml:3: /items/0/prt: expected a known field, found "
                         "\"prt\"; did you mean \"port\"?");
    check_schema_refused(
        "items:\n - {name: a, port: 65536}\n", "/items/0/port",
        "doc.yaml:2: /items/0/port: expected a number from 0 to 65535, "
        "found 65536");
    check_schema_refused("items:\n - {name: a, port: 1x}\n", "/items/0/port",
                         "doc.yaml:2: /items/0/port: expected a whole number, found "
                         "\"1x\"");
    check_schema_refused("items:\n - {name: a, port: 010}\n", "/items/0/port",
                         "doc.yaml:2: /items/0/port: expected a whole number, found "
                         "\"010\"");
    check_schema_refused("items:\n - {name: a, port: \"1\"}\n", "/items/0/port",
                         "doc.yaml:2: /items/0/port: expected a whole number, found "
                         "\"1\"");
    check_schema_refused("items:\n - {name: a, yes: maybe}\n", "/items/0/yes",
                         "doc.yaml:2: /items/0/yes: expected true or false, found "
                         "\"maybe\"");
    check_schema_refused("items:\n - name:\n", "/items/0/name",
                         "doc.yaml:2: /items/0/name: expected text, found nothing");
    check_schema_refused("items:\n - name: abcdefghi\n", "/items/0/name",
                         "doc.yaml:2: /items/0/name: expected text of 1 to 8 bytes, "
                         "found 9");
    check_schema_refused("items:\n - {name: {a: b}}\n", "/items/0/name",
                         "doc.yaml:2: /items/0/name: expected text, found a mapping");
}

/* A type that the tree's check leaves to libcyaml still ends in one sentence. */
static void what_libcyaml_itself_refuses_is_told_in_its_words(void)
{
    static const cyaml_strval_t words[] = { { "red", 1 } };
    static const cyaml_schema_value_t schema = { CYAML_VALUE_ENUM(
        CYAML_FLAG_POINTER | CYAML_FLAG_STRICT, int, words, 1) };
    struct err err = ERR_INIT;
    void *value = NULL;
    CHECK(!yaml_read(SLICE_LITERAL("blue\n"), "doc.yaml", &schema, &value, NULL, &err));
    CHECK(strstr(err.text, "doc.yaml:1: Invalid value: ") != NULL);
    CHECK(strstr(err.text, "blue") != NULL && strchr(err.text, '\n') == NULL);
    CHECK(!yaml_read(SLICE_LITERAL("*a"), "doc.yaml", &schema, &value, NULL, &err));
}

static void the_value_of_an_unknown_field_is_not_repeated(void)
{
    check_schema_refused("items:\n - {name: a, password: hunter2}\n",
                         "/items/0/password",
                         "doc.yaml:2: /items/0/password: expected a known field, found "
                         "\"password\"");
}

static void scratch(void)
{
    if (mkdtemp(folder) == NULL ||
        !file_path(path, sizeof path, folder, "esimd.yaml", NULL))
        abort();
}

static void swept(void)
{
    unlink(path);
    CHECK(rmdir(folder) == 0);
}

TESTS("settings", CASE(scratch), CASE(every_row_has_a_default_in_its_range_and_a_text),
      CASE(the_environment_wins_over_the_file_and_the_file_over_the_default),
      CASE(a_wrong_line_is_named_with_file_line_row_expected_and_found),
      CASE(a_wrong_environment_variable_is_named),
      CASE(the_value_of_an_unknown_name_is_not_repeated),
      CASE(one_value_is_set_by_name), CASE(the_document_has_a_line_for_each_row),
      CASE(an_empty_file_is_all_defaults_and_a_missing_one_is_not_found),
      CASE(a_file_is_read_only_when_regular_and_within_the_cap),
      CASE(a_file_is_written_whole_with_its_mode),
      CASE(yaml_that_a_reader_has_no_use_for_is_refused),
      CASE(an_alias_bomb_is_refused_at_its_first_anchor),
      CASE(yaml_has_caps_on_bytes_levels_and_values),
      CASE(a_schema_fills_structs_and_absent_members_are_zero),
      CASE(a_document_that_does_not_fit_its_schema_is_told_where_and_why),
      CASE(what_libcyaml_itself_refuses_is_told_in_its_words),
      CASE(the_value_of_an_unknown_field_is_not_repeated), CASE(swept))
