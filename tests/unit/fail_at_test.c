/* The torture's own tool: the allocation that was named must fail, and no other. */
#include "check.h"
#include "scratch.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct scratch scratch;
static char library[PATH_MAX + 16];

static void start(void)
{
    char self[PATH_MAX] = { 0 };
    CHECK_FATAL(scratch_make(&scratch));
    CHECK_FATAL(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    CHECK(snprintf(library, sizeof library, "LD_PRELOAD=%s/../torture/fail_at.so",
                   dirname(self)) > 0);
}

static void finish(void)
{
    CHECK(scratch_remove(&scratch));
}

/* Runs a shell command in the scratch folder; `program` and up to two further settings
 * are FAIL_ variables. */
static int run(const char *command, const char *program, const char *first,
               const char *second)
{
    const char *env[] = { library, "PATH=/usr/bin:/bin", program, first, second, NULL };
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

static bool says(const char *name, const char *text)
{
    char path[128], found[4096];
    CHECK(snprintf(path, sizeof path, "%s/%s", scratch.dir, name) > 0);
    FILE *file = fopen(path, "r");
    size_t got = file == NULL ? 0 : fread(found, 1, sizeof found - 1, file);
    found[got] = '\0';
    if (file != NULL)
        fclose(file);
    return strstr(found, text) != NULL;
}

static const char sorts[] = "sort /etc/passwd >out";
/* The shell takes memory for a value, and gives up without it. */
static const char command[] = "v=1; : >ready; w=$v$v; echo $w >out";

static void one_allocation_fails_and_the_program_sees_it(void)
{
    start();
    CHECK_INT(run(command, "FAIL_PROGRAM=sh", "FAIL_AT=1", NULL), 2);
    CHECK(says("words", "Out of space"));
    CHECK(!says("out", "11"));
    finish();
}

/* The shell ends without ado, so that nobody counts it. */
static void a_run_in_which_none_fails_says_how_many_there_were(void)
{
    start();
    CHECK_INT(run(sorts, "FAIL_PROGRAM=sort", "FAIL_COUNT_FILE=count", NULL), 0);
    CHECK(says("out", "root:"));
    CHECK(says("count", "\n") && !says("count", "-"));
    finish();
}

static void nothing_fails_before_it_is_armed(void)
{
    start();
    CHECK_INT(run(command, "FAIL_PROGRAM=sh", "FAIL_AT=1", "FAIL_ARM=never"), 0);
    CHECK_INT(run("v=1; echo $v >out; : >arm; for i in 1 2 3; do v=$v$v; done",
                  "FAIL_PROGRAM=sh", "FAIL_AT=1", "FAIL_ARM=arm"),
              2);
    CHECK(says("out", "1"));
    finish();
}

static void those_that_follow_fail_too_when_it_is_wished(void)
{
    start();
    CHECK_INT(run(sorts, "FAIL_PROGRAM=sort", "FAIL_AT=1", "FAIL_COUNT=0"), 2);
    CHECK(says("words", "memory exhausted") && !says("out", "root:"));
    finish();
}

static void another_program_is_left_alone(void)
{
    start();
    CHECK_INT(run(sorts, "FAIL_PROGRAM=other", "FAIL_AT=1", "FAIL_COUNT=0"), 0);
    CHECK(says("out", "root:"));
    finish();
}

TESTS("fail_at", CASE(one_allocation_fails_and_the_program_sees_it),
      CASE(a_run_in_which_none_fails_says_how_many_there_were),
      CASE(nothing_fails_before_it_is_armed),
      CASE(those_that_follow_fail_too_when_it_is_wished),
      CASE(another_program_is_left_alone))
