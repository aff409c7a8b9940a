#include "cell/cell.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ALL_SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL };

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

int cell_memory_file(const char *name, struct slice bytes, struct err *err)
{
    assert(name != NULL);
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) {
        err_errno(err, "making a memory file for %s", name);
        return -1;
    }
    if (write_all(fd, bytes) && lseek(fd, 0, SEEK_SET) == 0 &&
        fcntl(fd, F_ADD_SEALS, ALL_SEALS) == 0)
        return fd;
    err_errno(err, "filling and sealing the memory file for %s", name);
    close(fd);
    return -1;
}
