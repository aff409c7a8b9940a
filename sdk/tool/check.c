/* check: loads the object in a cell, runs the contract tests, prints the verdict. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "tool.h"

enum { OBJECT_BYTES = 64 << 20, TEXT_BYTES = 1 << 20 };

static const struct cell_limits limits = {
    .memory_bytes = 256 << 20,
    .cpu_ms = 1000,
    .wall_ms = 5000,
    .spawn_ms = 10000,
    .output_bytes = 16 << 20,
    .queue = 4,
    .deaths = 1,
    .deaths_window_ms = 1000,
    .backoff_ms = 1,
    .backoff_most_ms = 1,
};

struct options {
    const char *object, *settings, *secrets;
    bool as_json;
};

/* ---- what was asked for ---- */

static bool read_json(const char *path, struct buf *ret, struct err *err)
{
    buf_finish(ret);
    if (!tool_read_file(path, TEXT_BYTES, ret, err))
        return false;
    json_t *value = json_read(buf_slice(ret), err);
    bool is_object = json_is_object(value);
    json_decref(value);
    if (value == NULL)
        return err_wrap(err, "%s", path);
    return is_object || err_set(err, ERR_INVALID, "%s is no JSON object", path);
}

static bool add_input(struct check *check, char *argument, struct err *err)
{
    char *equals = argument == NULL ? NULL : strchr(argument, '=');
    if (equals == NULL || check->input_count == CHECK_INPUTS_MAX)
        return err_set(err, ERR_INVALID, "--input needs CAPABILITY=FILE");
    *equals = '\0';
    struct check_input *input = &check->inputs[check->input_count];
    input->capability = argument;
    buf_init(&input->json, TEXT_BYTES);
    check->input_count++;
    return read_json(equals + 1, &input->json, err);
}

static bool read_options(struct check *check, int argc, char **argv,
                         struct options *ret, struct err *err)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            ret->as_json = true;
        else if (strcmp(argv[i], "--settings") == 0)
            ret->settings = argv[++i];
        else if (strcmp(argv[i], "--secrets") == 0)
            ret->secrets = argv[++i];
        else if (strcmp(argv[i], "--input") == 0) {
            if (!add_input(check, argv[++i], err))
                return false;
        } else if (argv[i][0] == '-' || ret->object != NULL)
            return err_set(err, ERR_INVALID, "check does not know %s", argv[i]);
        else
            ret->object = argv[i];
        if (i >= argc)
            return err_set(err, ERR_INVALID, "%s needs a value", argv[argc - 1]);
    }
    if (ret->object == NULL)
        return err_set(err, ERR_INVALID, "check needs an object: X.so");
    return (ret->settings == NULL || read_json(ret->settings, &check->settings, err)) &&
           (ret->secrets == NULL || read_json(ret->secrets, &check->secrets, err));
}

static bool load_object(struct check *check, const char *path, struct err *err)
{
    struct buf object;
    bool read = tool_read_file(path, OBJECT_BYTES, &object, err);
    if (read)
        check->file.fd = cell_memory_file("object", buf_slice(&object), err);
    buf_finish(&object);
    return read && check->file.fd >= 0;
}

/* ---- the verdict ---- */

static unsigned count_failed(const struct check *check)
{
    unsigned failed = 0;
    for (size_t i = 0; i < check->test_count; i++)
        failed += check->tests[i].failures > 0;
    return failed;
}

static void print_table(const struct check *check, const char *object)
{
    unsigned failed = count_failed(check), runs = 0;
    for (size_t i = 0; i < check->test_count; i++) {
        const struct check_test *test = &check->tests[i];
        runs += test->runs;
        printf("%-4s  %-48s %5u runs\n", test->failures == 0 ? "ok" : "FAIL",
               test->name, test->runs);
        if (test->failures > 0)
            printf("      %u failed; first: %s\n", test->failures, test->detail);
    }
    printf("%s: %s (%zu tests, %u failed, %u runs)\n", object,
           failed == 0 ? "good" : "NOT good", check->test_count, failed, runs);
}

static void print_json(const struct check *check, const char *object)
{
    json_t *tests = json_array(), *all = json_object();
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    for (size_t i = 0; i < check->test_count; i++) {
        json_t *row = json_object();
        json_put_text(row, "name", check->tests[i].name);
        json_put_int(row, "runs", check->tests[i].runs);
        json_put_int(row, "failures", check->tests[i].failures);
        if (check->tests[i].failures > 0)
            json_put_text(row, "detail", check->tests[i].detail);
        json_array_append_new(tests, row);
    }
    json_put_text(all, "object", object);
    json_object_set_new(all, "good", json_boolean(count_failed(check) == 0));
    json_object_set_new(all, "tests", tests);
    json_write(all, &text);
    printf("%s\n", buf_slice(&text).ptr);
    buf_finish(&text);
    json_decref(all);
}

/* ---- the tests ---- */

static bool test_loads(struct check *check)
{
    struct err err = ERR_INIT;
    struct cell_attempt attempt;
    check_begin(check, "loads and describes itself");
    check->now->runs = 1;
    cell_attempt_init(&attempt, TEXT_BYTES);
    bool good = cell_attempt(&check->program, &check->limits, 0, slice_of(""), &attempt,
                             &err) &&
                about_decode(buf_slice(&attempt.description), &check->about,
                             check->sessions,
                             sizeof check->sessions / sizeof check->sessions[0],
                             &check->session_count, &err);
    cell_attempt_finish(&attempt);
    if (!good)
        check_fail(check, "start", "%s", err.text);
    return good;
}

static void run_tests(struct check *check)
{
    if (!test_loads(check))
        return;
    check_settings(check);
    check_flows(check);
    check_sessions(check);
    check_callbacks(check);
}

static struct check *check_create(const char *cell_path)
{
    struct check *check = calloc(1, sizeof *check);
    if (check == NULL)
        return NULL;
    check->limits = limits;
    check->file = (struct cell_file){ .name = "object", .fd = -1 };
    check->program = (struct cell_program){
        .path = cell_path, .name = "check", .files = &check->file, .file_count = 1
    };
    buf_init(&check->settings, TEXT_BYTES);
    buf_init(&check->secrets, TEXT_BYTES);
    buf_add_text(&check->settings, "{}");
    buf_add_text(&check->secrets, "{}");
    return check;
}

static void check_destroy(struct check **check)
{
    struct check *gone = *check;
    for (size_t i = 0; i < gone->input_count; i++)
        buf_finish(&gone->inputs[i].json);
    buf_finish(&gone->settings);
    buf_finish_secret(&gone->secrets);
    if (gone->file.fd >= 0)
        close(gone->file.fd);
    free(gone);
    *check = NULL;
}

int tool_check(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct options options = { .object = NULL };
    char cell_path[4096];
    struct check *check = tool_beside("esim-cell", cell_path, sizeof cell_path)
                              ? check_create(cell_path)
                              : NULL;
    if (check == NULL) {
        err_set(&err, ERR_INTERNAL, "esim-cell was not found beside this program");
        return tool_complain(&err);
    }
    int code = EXIT_USAGE;
    if (!read_options(check, argc, argv, &options, &err) ||
        !load_object(check, options.object, &err)) {
        tool_complain(&err);
    } else {
        run_tests(check);
        (options.as_json ? print_json : print_table)(check, options.object);
        code = count_failed(check) == 0 ? EXIT_GOOD : EXIT_VERDICT;
    }
    check_destroy(&check);
    return code;
}
