/* tool.h - esim-adapter: one command, one file. Each takes what follows its name and
 * returns the program's exit code: 0 good, 1 the verdict is bad, 2 wrong usage or a file
 * that cannot be read. */
#ifndef TOOL_TOOL_H
#define TOOL_TOOL_H

#include "base/buf.h"
#include "base/err.h"

enum { EXIT_GOOD = 0, EXIT_VERDICT = 1, EXIT_USAGE = 2 };

int tool_check(int argc, char **argv);
int tool_describe(int argc, char **argv);
int tool_sign(int argc, char **argv);
int tool_new(int argc, char **argv);

/* A whole file of at most `limit` bytes; `ret` is initialised here. */
bool tool_read_file(const char *path, size_t limit, struct buf *ret, struct err *err);

/* Writes beside and renames, so that the file is whole or as it was. */
bool tool_write_file(const char *path, struct slice bytes, struct err *err);

/* "esim-adapter: sentence" on standard error; returns EXIT_USAGE. */
int tool_complain(const struct err *err);

/* The path of `name` in the folder of this program. */
bool tool_beside(const char *name, char *ret, size_t size);

#endif
