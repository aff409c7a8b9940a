/* scratch.h - a folder for one test, and its removal with all that is in it. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct scratch {
    char dir[32];
};

static inline bool scratch_make(struct scratch *scratch)
{
    *scratch = (struct scratch){ "/tmp/esimd-test.XXXXXX" };
    return mkdtemp(scratch->dir) != NULL;
}

static inline int scratch_remove_one(const char *path, const struct stat *info,
                                     int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static inline bool scratch_remove(struct scratch *scratch)
{
    return nftw(scratch->dir, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0;
}

#endif
