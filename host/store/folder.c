#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

enum { TURN_MS = 10 };

static bool path_in(char *ret, size_t size, const char *dir, const char *name,
                    struct err *err)
{
    int length = snprintf(ret, size, "%s/%s", dir, name);
    if (length < 0 || (size_t)length >= size)
        return err_set(err, ERR_LIMIT, "the path of the data folder is too long");
    return true;
}

static bool make_file(const char *dir, const char *name, int *ret, struct err *err)
{
    char path[PATH_MAX];
    if (!path_in(path, sizeof path, dir, name, err))
        return false;
    *ret = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return *ret >= 0 || err_errno(err, "opening %s", path);
}

static long read_pid(int fd)
{
    char text[32] = { 0 };
    ssize_t got = pread(fd, text, sizeof text - 1, 0);
    return got <= 0 ? 0 : strtol(text, NULL, 10);
}

static bool write_pid(int fd, struct err *err)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)length, 0) != length)
        return err_errno(err, "writing the lock file");
    return true;
}

static bool take_lock(int fd, const char *dir, struct err *err)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno != EWOULDBLOCK)
        return err_errno(err, "locking %s/esimd.lock", dir);
    return err_set(err, ERR_CONFLICT,
                   "process %ld is the host that writes %s/esimd.db: stop it first, "
                   "two writers would damage the database",
                   read_pid(fd), dir);
}

/* Every connection in WAL mode holds a lock in bytes 120 to 128 of the shared memory
 * file (SQLite's walformat.html 2.3, and the byte after it in os_unix.c). */
static bool nobody_else(const char *dir, struct err *err)
{
    char path[PATH_MAX];
    if (!path_in(path, sizeof path, dir, "esimd.db-shm", err))
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT || err_errno(err, "opening %s", path);
    struct flock held = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 120, .l_len = 9
    };
    bool ok = fcntl(fd, F_GETLK, &held) == 0 || err_errno(err, "asking for locks");
    if (ok && held.l_type != F_UNLCK)
        ok = err_set(err, ERR_CONFLICT,
                     "process %ld has %s/esimd.db open: close it first, the host must "
                     "be alone",
                     (long)held.l_pid, dir);
    close(fd);
    return ok;
}

/* A host that was killed has its files open until its last thread is gone, which may be
 * in a sync; a child that it had begun to make shares them until it is a cell, or dead
 * too. So who holds the folder is waited for, alive or not. */
static bool claim_or_wait(int lock, const char *dir, int64_t wait_ms, struct err *err)
{
    for (int64_t turn = 0;; turn++) {
        struct err held = ERR_INIT;
        if (take_lock(lock, dir, &held) && nobody_else(dir, &held))
            return true;
        if (held.code != ERR_CONFLICT || turn * TURN_MS >= wait_ms)
            return err_set(err, held.code, "%s", held.text);
        if (turn == 0)
            log_line(LOG_INFO, "store.waiting", LOG_TEXT("reason", held.text),
                     LOG_INT("wait_ms", wait_ms));
        poll(NULL, 0, TURN_MS);
    }
}

bool folder_claim(const char *dir, int64_t wait_ms, int *ret_lock, struct err *err)
{
    int lock = -1, file = -1;
    bool ok = false;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        err_errno(err, "making the data folder %s", dir);
        goto out;
    }
    if (!make_file(dir, "esimd.lock", &lock, err) ||
        !claim_or_wait(lock, dir, wait_ms, err) || !write_pid(lock, err) ||
        !make_file(dir, "esimd.db", &file, err))
        goto out;
    *ret_lock = lock;
    lock = -1; /* Given to the caller. */
    ok = true;
out:
    if (file >= 0)
        close(file);
    if (lock >= 0)
        close(lock);
    return ok;
}

bool folder_sync(const char *dir, struct err *err)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "opening %s", dir);
    bool ok = fsync(fd) == 0 || err_errno(err, "syncing %s", dir);
    close(fd);
    return ok;
}
