/* Runs one fuzz target over its corpus, without a fuzzer: the files named on the command
 * line, or those of tests/fuzz/corpus/<name>/, and the empty input. Each in its own
 * process with a time limit, so that a crash, a leak or a hang costs one file and is
 * counted. The last line is "fuzz NAME: N passed, N failed". */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { INPUT_BYTES_MOST = 16 << 20, SECONDS_A_FILE = 20 };

struct counts {
    unsigned passed, failed;
};

/* A block of exactly the input's size, so that reading past its end is seen. */
static int run_input(const char *bytes, size_t size)
{
    uint8_t *exact = malloc(size == 0 ? 1 : size);
    if (exact == NULL)
        return 1;
    if (size > 0)
        memcpy(exact, bytes, size);
    int result = LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return result == 0 ? 0 : 1;
}

/* In the child. "" is the empty input. */
static int run_file(const char *path)
{
    struct buf bytes;
    char block[4096];
    buf_init(&bytes, INPUT_BYTES_MOST);
    FILE *file = path[0] == '\0' ? NULL : fopen(path, "rb");
    if (file == NULL && path[0] != '\0')
        return 1;
    for (size_t got; file != NULL && (got = fread(block, 1, sizeof block, file)) > 0;)
        buf_add(&bytes, block, got);
    if (file != NULL)
        fclose(file);
    int result = buf_ok(&bytes) ? run_input(bytes.ptr, bytes.size) : 1;
    buf_finish(&bytes);
    return result;
}

static void replay(const char *path, struct counts *counts)
{
    int status = -1;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(SECONDS_A_FILE);
        exit(run_file(path)); /* exit, so that leaks are looked for. */
    }
    bool passed = child > 0 && waitpid(child, &status, 0) == child && status == 0;
    *(passed ? &counts->passed : &counts->failed) += 1;
    if (!passed)
        printf("FAILED on %s\n", path[0] == '\0' ? "the empty input" : path);
}

static void replay_folder(const char *folder, struct counts *counts)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort), files = 0;
    for (int i = 0; i < count; i++) {
        char path[1024];
        int size = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && size < (int)sizeof path) {
            replay(path, counts);
            files++;
        }
        free(entries[i]);
    }
    free(entries);
    if (files == 0) {
        printf("FAILED: no corpus in %s\n", folder);
        counts->failed++;
    }
}

/* "build/asan/tests/fuzz/sms_fuzz" -> "sms" */
static void target_name(const char *program, char *ret, size_t size)
{
    const char *slash = strrchr(program, '/');
    snprintf(ret, size, "%s", slash == NULL ? program : slash + 1);
    char *tail = strstr(ret, "_fuzz");
    if (tail != NULL)
        *tail = '\0';
}

int main(int argc, char **argv)
{
    struct counts counts = { 0, 0 };
    char name[128], folder[256];
    target_name(argv[0], name, sizeof name);
    snprintf(folder, sizeof folder, "tests/fuzz/corpus/%s", name);
    if (LLVMFuzzerInitialize != NULL)
        LLVMFuzzerInitialize(&argc, &argv);
    replay("", &counts);
    for (int i = 1; i < argc; i++)
        replay(argv[i], &counts);
    if (argc == 1)
        replay_folder(folder, &counts);
    printf("fuzz %s: %u passed, %u failed\n", name, counts.passed, counts.failed);
    return counts.failed != 0;
}
