#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

bool tool_read_file(const char *path, size_t limit, struct buf *ret, struct err *err)
{
    char piece[65536];
    size_t got;
    buf_init(ret, limit);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return err_errno(err, "opening %s", path);
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        buf_add(ret, piece, got);
    bool whole = ferror(file) == 0;
    fclose(file);
    if (!whole)
        return err_errno(err, "reading %s", path);
    return buf_ok(ret) ||
           err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", path, limit);
}

bool tool_write_file(const char *path, struct slice bytes, struct err *err)
{
    char beside[4096];
    int length = snprintf(beside, sizeof beside, "%s.tmp", path);
    if (length < 0 || (size_t)length >= sizeof beside)
        return err_set(err, ERR_LIMIT, "%s is too long a path", path);
    FILE *file = fopen(beside, "we");
    if (file == NULL)
        return err_errno(err, "making %s", beside);
    bool written = fwrite(bytes.ptr, 1, bytes.size, file) == bytes.size;
    written = fflush(file) == 0 && fsync(fileno(file)) == 0 && written;
    fclose(file);
    if (written && rename(beside, path) == 0)
        return true;
    err_errno(err, "writing %s", path);
    unlink(beside);
    return false;
}

int tool_complain(const struct err *err)
{
    fprintf(stderr, "esim-adapter: %s\n", err->text);
    return EXIT_USAGE;
}

bool tool_beside(const char *name, char *ret, size_t size)
{
    static const char *const places[] = { "", "../lib/esim/" };
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0)
        return false;
    self[length] = '\0';
    char *slash = strrchr(self, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    int written = -1;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        written = snprintf(ret, size, "%s/%s%s", self, places[i], name);
        if (written > 0 && (size_t)written < size && access(ret, F_OK) == 0)
            return true;
    }
    return written > 0 && (size_t)written < size;
}
