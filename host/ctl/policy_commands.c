#include "ctl/policy_commands.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "conf/file.h"
#include "ctl/policy_files.h"
#include "ctl/policy_print.h"

enum { EXIT_FINE, EXIT_NO, EXIT_USAGE, INPUT_BYTES = 1 << 20, REPLY_BYTES = 16 << 20 };

/* What was asked for on the command line. */
struct wish {
    const char *words[TRIAL_FILES_MAX]; /* What is no option, after the verb. */
    int word_count;
    const char *input, *cells;
    bool explain, verbose, help;
};

struct verb {
    const char *name;
    int words_least, words_most;
    int (*run)(const struct wish *wish, const char *cell_program);
    const char *usage;
};

static int complain(const struct err *err)
{
    fprintf(stderr, "esimctl: %s\n", err->text);
    return EXIT_NO;
}

/* Loads all files named; NULL with a message on failure. */
static struct trial *load(const struct wish *wish, const char *cell_program, int words,
                          bool with_tests, struct policy_files *files)
{
    struct err err = ERR_INIT;
    bool ok = true;
    for (int i = 0; ok && i < words; i++)
        ok = policy_files_add(files, wish->words[i], with_tests, &err);
    struct trial *trial = NULL;
    if (ok)
        trial = trial_create(cell_program, (const char *const *)files->paths,
                             files->count, &err);
    if (trial == NULL)
        complain(&err);
    return trial;
}

/* ---- check ---- */

static bool defines(const json_t *functions, const char *name)
{
    size_t i;
    const json_t *function;
    json_array_foreach((json_t *)functions, i,
                       function) if (json_is_string(function) &&
                                     strcmp(json_string_value(function), name) ==
                                         0) return true;
    return false;
}

static int report_functions(const struct trial *trial, const struct policy_files *files)
{
    static const char *const needed[] = { "authorize", "route" };
    struct err err = ERR_INIT;
    json_t *about = json_read(trial_description(trial), &err);
    const json_t *functions = json_object_get(about, "functions"), *function;
    int code = EXIT_FINE;
    for (size_t i = 0; files->folder && i < sizeof needed / sizeof needed[0]; i++) {
        if (defines(functions, needed[i]))
            continue;
        fprintf(stderr, "esimctl: no file defines the function %s\n", needed[i]);
        code = EXIT_NO;
    }
    for (size_t i = 0; i < files->count; i++)
        printf("%s: fine\n", files->paths[i]);
    printf("functions:");
    size_t i;
    json_array_foreach((json_t *)functions, i, function)
        printf(" %s", json_string_value(function));
    printf("\n");
    json_decref(about);
    return code;
}

static int check(const struct wish *wish, const char *cell_program)
{
    struct policy_files files = { 0 };
    struct trial *trial = load(wish, cell_program, wish->word_count, false, &files);
    int code = trial == NULL ? EXIT_NO : report_functions(trial, &files);
    trial_destroy(&trial);
    policy_files_finish(&files);
    return code;
}

/* ---- test ---- */

static void report_case(void *arg, const char *name, const char *why)
{
    const struct wish *wish = arg;
    if (why != NULL)
        printf("FAILED  %s\n        %s\n", name, why);
    else if (wish->verbose)
        printf("passed  %s\n", name);
}

static int run_cases(const struct wish *wish, struct trial *trial,
                     const struct policy_files *files)
{
    struct cases_total total = { 0 };
    struct err err = ERR_INIT;
    bool ok = files->tests > 0 ||
              err_set(&err, ERR_NOT_FOUND, "%s: no files *_test.lua", wish->words[0]);
    for (size_t i = files->count - files->tests; ok && i < files->count; i++)
        ok = cases_run(trial, strrchr(files->paths[i], '/') + 1, report_case,
                       (void *)wish, &total, &err);
    if (ok) {
        policy_print_coverage(stdout, &total);
        printf("%u passed, %u failed\n", total.passed, total.failed);
    } else {
        complain(&err);
    }
    int code = ok && total.failed == 0 ? EXIT_FINE : EXIT_NO;
    cases_total_finish(&total);
    return code;
}

static int test(const struct wish *wish, const char *cell_program)
{
    struct policy_files files = { 0 };
    struct trial *trial = load(wish, cell_program, 1, true, &files);
    int code = trial == NULL ? EXIT_NO : run_cases(wish, trial, &files);
    trial_destroy(&trial);
    policy_files_finish(&files);
    return code;
}

/* ---- eval ---- */

static bool read_stdin(struct buf *ret, struct err *err)
{
    char piece[4096];
    size_t got;
    while ((got = fread(piece, 1, sizeof piece, stdin)) > 0)
        buf_add(ret, piece, got);
    return buf_ok(ret) ||
           err_set(err, ERR_LIMIT, "more than %d bytes of input", INPUT_BYTES);
}

/* The arguments: a JSON array as it is, anything else as the only one. */
static json_t *read_input(const char *path, struct err *err)
{
    struct buf text;
    buf_init(&text, INPUT_BYTES);
    bool ok = strcmp(path, "-") == 0 ? read_stdin(&text, err)
                                     : file_read(path, &text, err);
    json_t *value = ok ? json_read(buf_slice(&text), err) : NULL;
    buf_finish(&text);
    if (value == NULL || json_is_array(value))
        return value;
    json_t *args = json_array();
    json_array_append_new(args, value);
    return args;
}

static int print_told(const struct wish *wish, const struct trial *trial,
                      const json_t *told)
{
    const char *error = json_text(told, "error");
    if (wish->explain)
        policy_print_trace(stdout, trial, told);
    if (error != NULL) {
        fprintf(stderr, "esimctl: %s\n", error);
        return EXIT_NO;
    }
    json_dumpf(json_object_get(told, "result"), stdout,
               JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    printf("\n");
    return EXIT_FINE;
}

static int evaluate(const struct wish *wish, struct trial *trial, const json_t *args)
{
    struct err err = ERR_INIT;
    struct buf input, reply;
    buf_init(&input, INPUT_BYTES);
    buf_init(&reply, REPLY_BYTES);
    json_write(args, &input);
    bool ok = trial_explain(trial, wish->words[1], buf_slice(&input), wish->explain,
                            &reply, &err);
    json_t *told = ok ? json_read(buf_slice(&reply), &err) : NULL;
    int code = told == NULL ? complain(&err) : print_told(wish, trial, told);
    json_decref(told);
    buf_finish(&input);
    buf_finish(&reply);
    return code;
}

static int eval(const struct wish *wish, const char *cell_program)
{
    struct err err = ERR_INIT;
    struct policy_files files = { 0 };
    if (wish->input == NULL) {
        fprintf(stderr, "esimctl: policy eval needs --input FILE, or - for stdin\n");
        return EXIT_USAGE;
    }
    json_t *args = read_input(wish->input, &err);
    if (args == NULL)
        return complain(&err);
    struct trial *trial = load(wish, cell_program, 1, false, &files);
    int code = trial == NULL ? EXIT_NO : evaluate(wish, trial, args);
    trial_destroy(&trial);
    policy_files_finish(&files);
    json_decref(args);
    return code;
}

/* ---- the command line ---- */

static const struct verb verbs[] = {
    { "check", 1, TRIAL_FILES_MAX, check, "policy check FILE...|DIR" },
    { "test", 1, 1, test, "policy test [-v] DIR" },
    { "eval", 2, 2, eval, "policy eval DIR FUNCTION --input FILE|- [--explain]" },
};

static int usage(FILE *to)
{
    fprintf(to,
            "Examples:\n"
            "  esimctl policy check policies/\n"
            "  esimctl policy test policies/\n"
            "  esimctl policy eval policies/ authorize --input asked.json --explain\n"
            "\nUsage:\n");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        fprintf(to, "  esimctl %s\n", verbs[i].usage);
    fprintf(to,
            "\n  --cells DIR   where esim-policy-cell is, when not beside esimctl\n");
    return to == stderr ? EXIT_USAGE : EXIT_FINE;
}

static bool read_option(struct wish *wish, int argc, char **argv, int *at)
{
    static const char *const names[] = { "--input", "--cells" };
    const char **values[] = { &wish->input, &wish->cells };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(argv[*at], names[i]) != 0)
            continue;
        if (++*at >= argc)
            return false;
        *values[i] = argv[*at];
        return true;
    }
    static const char *const flags[] = { "--explain", "-v", "--help" };
    bool *set[] = { &wish->explain, &wish->verbose, &wish->help };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (strcmp(argv[*at], flags[i]) == 0)
            return *set[i] = true;
    return false;
}

static bool read_wish(struct wish *wish, int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        bool word = argv[i][0] != '-' || argv[i][1] == '\0';
        if (word && wish->word_count == TRIAL_FILES_MAX)
            return false;
        if (word)
            wish->words[wish->word_count++] = argv[i];
        else if (!read_option(wish, argc, argv, &i))
            return false;
    }
    return true;
}

/* Beside this program as in a build folder, else where it is installed. */
static void find_cell(const struct wish *wish, char ret[PATH_MAX])
{
    static const char name[] = "esim-policy-cell";
    char self[PATH_MAX - sizeof name - 1] = "";
    if (wish->cells != NULL) {
        snprintf(ret, PATH_MAX, "%.4000s/%s", wish->cells, name);
        return;
    }
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash = length > 0 ? strrchr(self, '/') : NULL;
    if (slash != NULL)
        *slash = '\0';
    snprintf(ret, PATH_MAX, "%s/%s", self, name);
    if (access(ret, X_OK) != 0)
        snprintf(ret, PATH_MAX, "/usr/lib/esim/%s", name);
}

int ctl_policy(int argc, char **argv)
{
    struct wish wish = { 0 };
    char cell_program[PATH_MAX];
    if (argc < 2 || !read_wish(&wish, argc, argv))
        return usage(stderr);
    if (wish.help || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return usage(stdout);
    find_cell(&wish, cell_program);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        const struct verb *verb = &verbs[i];
        if (strcmp(argv[1], verb->name) == 0 && wish.word_count >= verb->words_least &&
            wish.word_count <= verb->words_most)
            return verb->run(&wish, cell_program);
    }
    return usage(stderr);
}
