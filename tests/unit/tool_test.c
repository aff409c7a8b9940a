/* esim-adapter as its users run it: the verdicts on good and bad adapters, a new adapter
 * built against the installed SDK, a manifest signed with the real minisign. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "check.h"
#include "crypto/digest.h"

enum { OUTPUT_BYTES = 4 << 20, PATH_SIZE = 1024 };

extern char **environ;

static char build[PATH_SIZE];   /* build/MODE, from this program's own place. */
static char scratch[PATH_SIZE]; /* Removed at the end. */
static struct buf output;       /* What the last program wrote. */

static const char *format_path(const char *format, const char *a, const char *b)
{
    static char texts[16][PATH_SIZE];
    static unsigned turn;
    char *text = texts[turn++ % 16];
    CHECK_FATAL(snprintf(text, PATH_SIZE, format, a, b) < PATH_SIZE);
    return text;
}

static const char *in_build(const char *name)
{
    return format_path("%s/%s", build, name);
}

static const char *in_scratch(const char *name)
{
    return format_path("%s/%s", scratch, name);
}

static void collect(int fd)
{
    char piece[4096];
    ssize_t got;
    buf_clear(&output);
    while ((got = read(fd, piece, sizeof piece)) > 0)
        buf_add(&output, piece, (size_t)got);
    close(fd);
}

/* Runs to its end; both outputs go into `output`. The exit code, or -1. */
static int run(const char *const *argv)
{
    int pipe_fds[2], status = 0;
    pid_t pid;
    posix_spawn_file_actions_t actions;
    CHECK_FATAL(pipe2(pipe_fds, O_CLOEXEC) == 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], 1);
    posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], 2);
    int failed = posix_spawnp(&pid, argv[0], &actions, NULL,
                              (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_fds[1]);
    collect(pipe_fds[0]);
    CHECK_FATAL(failed == 0 && waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
#define RUN(...) run((const char *const[]){ __VA_ARGS__, NULL })
#define TOOL     in_build("esim-adapter")

static void check_says(const char *words)
{
    bool says = strstr(buf_slice(&output).ptr, words) != NULL;
    if (!says)
        fprintf(stderr, "  lacks \"%s\":\n%s\n", words, buf_slice(&output).ptr);
    CHECK(says);
}

static const char *write_file(const char *name, const char *text)
{
    const char *path = in_scratch(name);
    FILE *file = fopen(path, "we");
    CHECK_FATAL(file != NULL);
    CHECK(fputs(text, file) >= 0);
    fclose(file);
    return path;
}

static const char *object(const char *adapter)
{
    return format_path("%s/tests/adapters/%s.so", build, adapter);
}

/* ---- check ---- */

static void a_good_adapter_is_good(void)
{
    CHECK_INT(RUN(TOOL, "check", object("echo")), 0);
    check_says("ok    session line: frames");
    check_says("echo.so: good (26 tests, 0 failed");
}

static void each_fault_is_a_verdict_that_names_it(void)
{
    static const struct {
        const char *adapter, *what, *words;
    } rows[] = {
        { "crash", "segv", "crashed: killed by signal 11" },
        { "crash", "abort", "crashed: killed by signal 6" },
        { "hang", "hang", "hung: no answer within 1000 ms of computing" },
        { "garbage", "letters", "garbage: it wrote bytes that are no answer" },
        { "garbage", "both", "came with parts" },
        { "garbage", "much", "state has 65537 bytes, not 0 to 65536" },
        { "sleep", "nanosleep", "refused system call: nanosleep" },
        { "oversize", "x", "the result is no JSON object" },
        { "leak", "x", "in one process: crashed" },
        { "dice", "clock", "not deterministic: the same step in a second process" },
        { "dice", "memory", "not deterministic: step 2 in one process" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *path = write_file(
            "input.json", format_path("{\"do\":\"%s\"}%s", rows[i].what, ""));
        const char *input = format_path("%s=%s", "profile.status", path);
        CHECK_INT(RUN(TOOL, "check", object(rows[i].adapter), "--input", input), 1);
        check_says(rows[i].words);
        check_says("NOT good");
    }
}

static void an_adapter_that_cannot_start_is_not_good(void)
{
    CHECK_INT(RUN(TOOL, "check", object("refuses")), 1);
    check_says("adapter refused to start (7)");
    CHECK_INT(RUN(TOOL, "check", object("abi")), 1);
    check_says("the adapter was built for ABI 2, this host has 1");
    CHECK_INT(RUN(TOOL, "check", object("undeclared")), 1);
    check_says("capability profile.order has a flow but is not in the descriptor");
    CHECK_INT(RUN(TOOL, "check", write_file("text.so", "no object")), 1);
    check_says("the object cannot be loaded");
}

static void the_verdict_is_there_as_json_too(void)
{
    CHECK_INT(RUN(TOOL, "check", object("refuses"), "--json"), 1);
    json_t *verdict = json_loads(buf_slice(&output).ptr, 0, NULL);
    CHECK(json_is_false(json_object_get(verdict, "good")));
    json_t *test = json_array_get(json_object_get(verdict, "tests"), 0);
    CHECK_INT(json_integer_value(json_object_get(test, "failures")), 1);
    json_decref(verdict);
}

static void wrong_usage_is_told(void)
{
    CHECK_INT(RUN(TOOL), 2);
    CHECK_INT(RUN(TOOL, "check"), 2);
    CHECK_INT(RUN(TOOL, "check", "/nonexistent.so"), 2);
    check_says("opening /nonexistent.so: No such file");
    CHECK_INT(RUN(TOOL, "check", object("echo"), "--settings"), 2);
    CHECK_INT(RUN(TOOL, "check", object("echo"), "--colour"), 2);
    check_says("check does not know --colour");
    CHECK_INT(RUN(TOOL, "fly"), 2);
    check_says("there is no command fly");
    CHECK_INT(RUN(TOOL, "--help"), 0);
}

/* ---- describe ---- */

static void describe_reads_the_descriptor(void)
{
    CHECK_INT(RUN(TOOL, "describe", object("echo"), "--json"), 0);
    json_t *about = json_loads(buf_slice(&output).ptr, 0, NULL);
    CHECK_TEXT(json_string_value(json_object_get(about, "name")), "echo");
    CHECK_INT(json_array_size(json_object_get(about, "capabilities")), 4);
    json_decref(about);
    CHECK_INT(RUN(TOOL, "describe", in_build("esim-cell")), 1);
    check_says("has no section esim.about");
    CHECK_INT(RUN(TOOL, "describe", write_file("text.so", "no object")), 1);
    check_says("is no shared object");
}

/* ---- install, new, sign ---- */

static void a_new_adapter_builds_alone_on_the_installed_sdk(void)
{
    const char *dest = in_scratch("dest");
    const char *into = in_scratch("acme");
    const char *installed = in_scratch("dest/usr/bin/esim-adapter");
    CHECK_INT(RUN("env", format_path("B=%s%s", build, ""), "sdk/install.sh",
                  format_path("%s%s", dest, "/usr")),
              0);
    CHECK_INT(RUN(installed, "new", "acme", "--into", into), 0);
    CHECK_INT(RUN(installed, "new", "acme", "--into", into), 2);
    check_says("is there already");
    CHECK_INT(RUN(installed, "new", "Acme"), 2);
    check_says("Acme is no adapter's name");
    CHECK_INT(RUN("env", "-u", "MAKEFLAGS", "make", "-C", into, "check",
                  format_path("CHECK=%s%s", installed, "")),
              0);
    check_says("acme.so: good (13 tests, 0 failed");
    CHECK_INT(RUN("nm", "-D", "--defined-only", format_path("%s%s", into, "/acme.so")),
              0);
    check_says(" esim_entry");
    CHECK(strchr(buf_slice(&output).ptr, '\n') ==
          buf_slice(&output).ptr + output.size - 1); /* One line: one symbol. */
}

static void sign_fills_in_what_minisign_then_signs(void)
{
    const char *manifest = in_scratch("acme/manifest.yaml");
    const char *key = in_scratch("test.key"), *pub = in_scratch("test.pub");
    CHECK_INT(RUN("minisign", "-G", "-W", "-f", "-p", pub, "-s", key), 0);
    CHECK_INT(RUN(TOOL, "sign", manifest, "--key", key, "--object",
                  in_scratch("acme/acme.so")),
              0);
    CHECK_INT(RUN("minisign", "-V", "-p", pub, "-m", manifest), 0);
    CHECK_INT(RUN("sha256sum", in_scratch("acme/acme.so")), 0);
    char digest[DIGEST_TEXT_SIZE];
    CHECK_FATAL(slice_copy((struct slice){ output.ptr, 64 }, digest, sizeof digest));
    CHECK_INT(RUN("cat", manifest), 0);
    check_says(digest);
    check_says("\nrevision: 1\n");
    check_says("# What acme may do."); /* Comments stay. */
    CHECK_INT(RUN(TOOL, "sign", manifest, "--key", key), 0);
    CHECK_INT(RUN("cat", manifest), 0);
    check_says("\nrevision: 2\n");
}

/* What would be refused later is refused here, and the file stays as it was. */
static void sign_refuses_a_manifest_that_is_wrong(void)
{
    const char *key = in_scratch("test.key");
    const char *manifest = in_scratch("acme/manifest.yaml");
    CHECK_INT(RUN(TOOL, "sign", manifest, "--key", key, "--object", object("echo")), 2);
    check_says("names the object acme.so, not echo.so");
    CHECK_INT(
        RUN(TOOL, "sign", write_file("bad.yaml", "kind: adapter\n"), "--key", key), 2);
    check_says("has no line revision:");
    CHECK_INT(
        RUN(TOOL, "sign", write_file("bad.yaml", "revision: 1\nx: 2\n"), "--key", key),
        2);
    CHECK_INT(RUN("cat", in_scratch("bad.yaml")), 0);
    CHECK_TEXT(buf_slice(&output).ptr, "revision: 1\nx: 2\n");
    CHECK_INT(RUN(TOOL, "sign", manifest, "--key", "/nonexistent.key"), 2);
    check_says("minisign did not sign");
}

static void nothing_is_left_behind(void)
{
    CHECK_INT(RUN("rm", "-rf", scratch), 0);
    CHECK(access(scratch, F_OK) != 0 && errno == ENOENT);
}

static bool find_places(void)
{
    ssize_t length = readlink("/proc/self/exe", build, sizeof build - 1);
    char *at = length < 0 ? NULL : strstr(build, "/tests/unit/");
    if (at == NULL || snprintf(scratch, sizeof scratch, "/tmp/tool_test.XXXXXX") < 0)
        return false;
    *at = '\0';
    return mkdtemp(scratch) != NULL;
}

static const struct check_case cases[] = {
    CASE(a_good_adapter_is_good),
    CASE(each_fault_is_a_verdict_that_names_it),
    CASE(an_adapter_that_cannot_start_is_not_good),

    CASE(the_verdict_is_there_as_json_too),
    CASE(wrong_usage_is_told),
    CASE(describe_reads_the_descriptor),
    CASE(a_new_adapter_builds_alone_on_the_installed_sdk),
    CASE(sign_fills_in_what_minisign_then_signs),
    CASE(sign_refuses_a_manifest_that_is_wrong),
    CASE(nothing_is_left_behind),
};

int main(void)
{
    if (!find_places())
        return 2;
    buf_init(&output, OUTPUT_BYTES);
    int code = check_run("tool", cases, sizeof cases / sizeof cases[0]);
    buf_finish(&output);
    return code;
}
