/* file.h - whole small files, read once, with a cap.
 *
 * Threads  Any. */
#ifndef CONF_FILE_H
#define CONF_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Appends the file's bytes to `ret` (initialised, its limit is the cap). Refuses what is
 * not a regular file. Errors name the path. */
bool file_read(const char *path, struct buf *ret, struct err *err);

/* Writes a file whole: to a new name beside it, fsync, rename, fsync of the folder.
 * `mode` as in open(2). */
bool file_write(const char *path, struct slice bytes, unsigned mode, struct err *err);

/* "dir/name" into ret; false when it does not fit. */
bool file_path(char *ret, size_t size, const char *dir, const char *name,
               struct err *err);

#endif
