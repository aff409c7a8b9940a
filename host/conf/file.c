#include "conf/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/id.h"

enum { PIECE_BYTES = 16384 };

static bool read_all(int fd, const char *path, struct buf *ret, struct err *err)
{
    char piece[PIECE_BYTES];
    bool fine = true;
    for (;;) {
        ssize_t got = read(fd, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            fine = err_errno(err, "reading %s", path);
        if (got <= 0)
            break;
        buf_add(ret, piece, (size_t)got);
        if (!buf_ok(ret)) {
            fine = err_set(err, ERR_LIMIT, "%s: expected at most %zu bytes, found more",
                           path, ret->limit_bytes);
            break;
        }
    }
    explicit_bzero(piece, sizeof piece); /* The file may be a key. */
    return fine;
}

/* O_NONBLOCK: opening a pipe must not hang; it has no effect on a regular file. */
bool file_read(const char *path, struct buf *ret, struct err *err)
{
    assert(path != NULL && ret != NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        bool missing = errno == ENOENT;
        err_errno(err, "opening %s", path);
        if (missing && err != NULL)
            err->code = ERR_NOT_FOUND;
        return false;
    }
    struct stat stat;
    bool fine = false;
    if (fstat(fd, &stat) != 0)
        err_errno(err, "looking at %s", path);
    else if (!S_ISREG(stat.st_mode))
        err_set(err, ERR_INVALID, "%s: expected a regular file, found another kind",
                path);
    else
        fine = read_all(fd, path, ret, err);
    close(fd);
    return fine;
}

static bool write_all(int fd, struct slice bytes)
{
    while (bytes.size > 0) {
        ssize_t put = write(fd, bytes.ptr, bytes.size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        bytes = (struct slice){ bytes.ptr + put, bytes.size - (size_t)put };
    }
    return true;
}

/* A rename is durable only when its folder was synced. */
static bool sync_folder(const char *path, struct err *err)
{
    char copy[PATH_MAX];
    int length = snprintf(copy, sizeof copy, "%s", path);
    if (length < 0 || (size_t)length >= sizeof copy)
        return err_set(err, ERR_INVALID, "the path %.80s... is too long", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool fine = fd >= 0 && fsync(fd) == 0;
    if (!fine)
        err_errno(err, "syncing the folder of %s", path);
    if (fd >= 0)
        close(fd);
    return fine;
}

static bool write_new(const char *path, struct slice bytes, unsigned mode,
                      struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return err_errno(err, "making %s", path);
    bool fine = write_all(fd, bytes) && fsync(fd) == 0;
    if (!fine)
        err_errno(err, "writing %s", path);
    close(fd);
    return fine;
}

bool file_write(const char *path, struct slice bytes, unsigned mode, struct err *err)
{
    char id[ID_SIZE], beside[PATH_MAX];
    id_new(id);
    int length = snprintf(beside, sizeof beside, "%s.%s", path, id);
    if (length < 0 || (size_t)length >= sizeof beside)
        return err_set(err, ERR_INVALID, "the path %.80s... is too long", path);
    bool fine = write_new(beside, bytes, mode, err);
    if (fine && rename(beside, path) != 0)
        fine = err_errno(err, "renaming to %s", path);
    if (!fine) {
        unlink(beside);
        return false;
    }
    return sync_folder(path, err);
}

bool file_path(char *ret, size_t size, const char *dir, const char *name,
               struct err *err)
{
    int length = snprintf(ret, size, "%s/%s", dir, name);
    if (length >= 0 && (size_t)length < size)
        return true;
    return err_set(err, ERR_INVALID, "the path %.80s/%.80s is longer than %zu bytes",
                   dir, name, size - 1);
}
