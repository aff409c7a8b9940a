/* esimctl policy: what a person sees, and the exit code that a script sees. */
#include "policy_world.h"

#include <sys/wait.h>

#include "ctl/policy_commands.h"

static const char *const viewer_asks =
    "{\"subject\":{\"id\":\"u\",\"tenant\":\"acme\",\"roles\":[\"viewer\"]},"
    "\"permission\":\"order.create\",\"tenant\":\"acme\"}";

/* What the last command wrote, to both outputs together. */
static char output[200000];

static void read_output(FILE *from)
{
    rewind(from);
    size_t size = fread(output, 1, sizeof output - 1, from);
    output[size] = '\0';
}

/* Runs the command in a child with its outputs in a file and `input` as its stdin. */
static int run(const char *input, char *const *words)
{
    char *argv[16] = { "policy", NULL };
    int argc = 1;
    while (words[argc - 1] != NULL) {
        argv[argc] = words[argc - 1];
        argc++;
    }
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", world_cell());
    *strrchr(folder, '/') = '\0';
    argv[argc++] = "--cells";
    argv[argc++] = folder;
    FILE *out = tmpfile(), *in = tmpfile();
    CHECK_FATAL(out != NULL && in != NULL);
    fputs(input, in);
    rewind(in);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(fileno(in), STDIN_FILENO);
        dup2(fileno(out), STDOUT_FILENO);
        dup2(fileno(out), STDERR_FILENO);
        int code = ctl_policy(argc, argv);
        fflush(stdout);
        _exit(code);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    read_output(out);
    fclose(out);
    fclose(in);
    return WEXITSTATUS(status);
}

#define RUN(input, ...) run((input), (char *const[]){ __VA_ARGS__, NULL })

static void check_says(const char *words)
{
    if (strstr(output, words) == NULL)
        CHECK_TEXT(output, words);
}

static void check_names_what_was_loaded_and_what_is_missing(void)
{
    CHECK_INT(RUN("", "check", "policies/"), 0);
    check_says("policies/rbac.lua: fine\npolicies/routing.lua: fine\n");
    check_says("functions: authorize route\n");
    CHECK_INT(RUN("", "check", "policies/rbac.lua"), 0);
    check_says("functions: authorize\n");
    CHECK_INT(RUN("", "check", "tests/policy/unloadable/syntax.lua"), 1);
    check_says("syntax.lua:3: ");
    CHECK_INT(RUN("", "check", "tests/policy/"), 1);
    check_says("no file defines the function authorize");
    CHECK_INT(RUN("", "check", "/nonexistent"), 1);
    check_says("/nonexistent: No such file");
}

static void test_ends_with_the_count_and_the_coverage(void)
{
    CHECK_INT(RUN("", "test", "policies/"), 0);
    check_says("rbac.lua: ");
    check_says(" lines (100 %)\n");
    check_says(" passed, 0 failed\n");
    CHECK(strstr(output, "a viewer") == NULL);
    CHECK_INT(RUN("", "test", "-v", "policies/"), 0);
    check_says("passed  viewer may not order.create\n");
    CHECK_INT(RUN("", "test", "tests/policy/"), 1);
    check_says("FAILED  one\n");
    check_says("plain.lua: 0 of 1 lines (0 %); not reached: 3\n");
    check_says("0 passed, 8 failed\n");
    CHECK_INT(RUN("", "test", "tests/policy/hostile/"), 1);
}

static void eval_prints_the_decision_and_explains_it(void)
{
    CHECK_INT(RUN(viewer_asks, "eval", "policies", "authorize", "--input", "-"), 0);
    check_says("\"allow\": false");
    CHECK(strstr(output, "rbac.lua:") == NULL);
    CHECK_INT(
        RUN(viewer_asks, "eval", "policies", "authorize", "--input", "-", "--explain"),
        0);
    check_says("  local names = known_roles(subject)\n");
    check_says("| names = [\"viewer\"]\n");
    check_says("in granting_role\n");
    check_says("\"reason\": \"no role of viewer may order.create\"");
}

static void eval_of_a_failing_function_shows_the_way_to_the_error(void)
{
    CHECK_INT(RUN("[{}]", "eval", "policies", "authorize", "--input", "-", "--explain"),
              1);
    check_says("local subject, permission = request.subject, request.permission");
    check_says("esimctl: rbac.lua:");
    check_says("attempt to index a nil value (local 'subject')");
    CHECK_INT(RUN("{", "eval", "policies", "authorize", "--input", "-"), 1);
    check_says("not JSON: line 1");
    CHECK_INT(RUN("[]", "eval", "policies", "decide", "--input", "-"), 1);
    check_says("no file defines the function 'decide'");
}

static void wrong_usage_is_told_with_examples(void)
{
    CHECK_INT(RUN("", "frobnicate", "x"), 2);
    check_says("Examples:\n");
    CHECK_INT(RUN("", "test"), 2);
    CHECK_INT(RUN("", "test", "a", "b"), 2);
    CHECK_INT(RUN("", "eval", "policies", "authorize"), 2);
    check_says("needs --input");
    CHECK_INT(RUN("", "check", "--frob"), 2);
    CHECK_INT(RUN("", "check", "--help"), 0);
    check_says("policy eval DIR FUNCTION --input FILE|- [--explain]");
}

TESTS("policy_commands", CASE(check_names_what_was_loaded_and_what_is_missing),
      CASE(test_ends_with_the_count_and_the_coverage),
      CASE(eval_prints_the_decision_and_explains_it),
      CASE(eval_of_a_failing_function_shows_the_way_to_the_error),
      CASE(wrong_usage_is_told_with_examples))
