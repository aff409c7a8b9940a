/* The torture's own tool: it must strike at the call that was named, and nowhere else. */
#include "check.h"
#include "scratch.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct scratch scratch;
static char library[PATH_MAX + 16];
static char paths[3][64]; /* out, count, arm: below the scratch folder. */
enum { OUT, COUNT, ARM };

static void start(void)
{
    static const char *const names[] = { "out", "count", "arm" };
    char self[PATH_MAX] = { 0 };
    CHECK_FATAL(scratch_make(&scratch));
    CHECK_FATAL(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    CHECK(snprintf(library, sizeof library, "LD_PRELOAD=%s/../torture/kill_at.so",
                   dirname(self)) > 0);
    for (int i = 0; i < 3; i++)
        CHECK(snprintf(paths[i], sizeof paths[i], "%s/%s", scratch.dir, names[i]) > 0);
}

static void finish(void)
{
    CHECK(scratch_remove(&scratch));
}

/* Runs a shell command with the library; `settings` up to three KILL_ variables. */
static int run(const char *command, const char *const settings[3])
{
    const char *env[] = { library,     "PATH=/usr/bin:/bin", "KILL_PROGRAM=sh",
                          settings[0], settings[1],          settings[2],
                          NULL };
    pid_t child = fork();
    if (child == 0) {
        if (chdir(scratch.dir) == 0 && dup2(creat("words", 0600), STDERR_FILENO) >= 0)
            execle("/bin/sh", "sh", "-c", command, NULL, env);
        _exit(99);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

#define SETTINGS(...)      \
    (const char *const[3]) \
    {                      \
        __VA_ARGS__        \
    }

static void check_file(const char *name, const char *expected)
{
    char path[128], text[256];
    CHECK(snprintf(path, sizeof path, "%s/%s", scratch.dir, name) > 0);
    FILE *file = fopen(path, "r");
    size_t got = file == NULL ? 0 : fread(text, 1, sizeof text - 1, file);
    text[got] = '\0';
    CHECK_TEXT(text, expected);
    if (file != NULL)
        fclose(file);
}

/* Four writes to a file; what goes to a device or to standard error does not count. */
static const char four_writes[] = "for i in 1 2; do echo $i >>out; echo x >/dev/null; "
                                  "cd nowhere; echo $i >>out; done";

static void a_call_is_struck_before_or_after_it_is_made(void)
{
    start();
    CHECK_INT(run(four_writes, SETTINGS("KILL_AT=3", "KILL_WHEN=before")), -9);
    check_file("out", "1\n1\n");
    CHECK(remove(paths[OUT]) == 0);
    CHECK_INT(run(four_writes, SETTINGS("KILL_AT=3", "KILL_WHEN=after")), -9);
    check_file("out", "1\n1\n2\n");
    finish();
}

static void a_run_that_is_not_struck_says_how_many_calls_it_made(void)
{
    char count[128];
    start();
    CHECK(snprintf(count, sizeof count, "KILL_COUNT_FILE=%s", paths[COUNT]) > 0);
    CHECK_INT(run("KILL_PROGRAM=dd dd if=/dev/zero of=out bs=1 count=9 conv=fsync",
                  SETTINGS(count, "KILL_AT=11")),
              0);
    check_file("count", "10\n");
    finish();
}

static void nothing_counts_before_it_is_armed(void)
{
    char arm[128];
    start();
    CHECK(snprintf(arm, sizeof arm, "KILL_ARM=%s", paths[ARM]) > 0);
    CHECK_INT(run(four_writes, SETTINGS(arm, "KILL_AT=1")), 0);
    CHECK_INT(run("echo a >out; echo b >>out; : >arm; echo c >>out",
                  SETTINGS(arm, "KILL_AT=1")),
              -9);
    check_file("out", "a\nb\n");
    finish();
}

static void another_program_is_left_alone(void)
{
    start();
    CHECK_INT(run("dd if=/dev/zero bs=1 count=9 2>/dev/null | tr '\\0' z >out",
                  SETTINGS("KILL_AT=1")),
              0);
    check_file("out", "zzzzzzzzz");
    finish();
}

static void cells_are_killed_in_place_of_the_host(void)
{
    static const char command[] =
        "ln -s /bin/sleep esim-cell; ln -s /bin/sleep other; ./esim-cell 50 & cell=$!; "
        "./other 50 & other=$!; "
        "until grep -q esim-cell /proc/$cell/comm && grep -q other /proc/$other/comm; "
        "do :; done; echo a >out; wait $cell; echo $? >>out; "
        "kill $other && echo alive >>out; wait $other; true";
    start();
    CHECK_INT(run(command, SETTINGS("KILL_CELL=1", "KILL_AT=1")), 0);
    check_file("out", "a\n137\nalive\n");
    finish();
}

TESTS("kill_at", CASE(a_call_is_struck_before_or_after_it_is_made),
      CASE(a_run_that_is_not_struck_says_how_many_calls_it_made),
      CASE(nothing_counts_before_it_is_armed), CASE(another_program_is_left_alone),
      CASE(cells_are_killed_in_place_of_the_host))
