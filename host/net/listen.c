#include "net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/slice.h"

enum { BACKLOG = 1024, SOCKET_FLAGS = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK };

static bool bind_tcp(int fd, const struct sockaddr *address, socklen_t size)
{
    int on = 1;
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0 &&
           bind(fd, address, size) == 0 && listen(fd, BACKLOG) == 0;
}

static bool write_bound(int fd, char ret_address[64])
{
    struct sockaddr_storage bound = { .ss_family = AF_UNSPEC };
    socklen_t size = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &size) != 0)
        return false;
    bool is_v6 = bound.ss_family == AF_INET6;
    struct sockaddr_in *v4 = (struct sockaddr_in *)&bound;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&bound;
    char text[INET6_ADDRSTRLEN];
    if (inet_ntop(bound.ss_family, is_v6 ? (void *)&v6->sin6_addr : &v4->sin_addr, text,
                  sizeof text) == NULL)
        return false;
    int length = snprintf(ret_address, 64, is_v6 ? "[%s]:%u" : "%s:%u", text,
                          (unsigned)ntohs(is_v6 ? v6->sin6_port : v4->sin_port));
    return length > 0 && length < 64;
}

/* "127.0.0.1:0" or "[::1]:8080"; libevent's own reader refuses port 0. */
static bool parse_address(const char *address, struct sockaddr_storage *ret)
{
    const char *colon = strrchr(address, ':');
    uint64_t port = 0;
    if (colon == NULL || !slice_u64(slice_of(colon + 1), &port) || port > UINT16_MAX)
        return false;
    struct slice host = slice_bytes(address, (size_t)(colon - address));
    bool is_v6 = host.size > 2 && host.ptr[0] == '[' && colon[-1] == ']';
    if (is_v6)
        host = slice_bytes(host.ptr + 1, host.size - 2);
    char text[INET6_ADDRSTRLEN];
    struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
    *ret = (struct sockaddr_storage){ .ss_family = is_v6 ? AF_INET6 : AF_INET };
    *(is_v6 ? &v6->sin6_port : &v4->sin_port) = htons((uint16_t)port);
    return slice_copy(host, text, sizeof text) &&
           inet_pton(ret->ss_family, text,
                     is_v6 ? (void *)&v6->sin6_addr : &v4->sin_addr) == 1;
}

int listen_tcp(const char *address, char ret_address[64], struct err *err)
{
    struct sockaddr_storage where;
    if (!parse_address(address, &where)) {
        err_set(err, ERR_INVALID,
                "\"%s\" is not a numeric address and port such as 127.0.0.1:8080",
                address);
        return -1;
    }
    socklen_t size = where.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                 : sizeof(struct sockaddr_in);
    int fd = socket(where.ss_family, SOCKET_FLAGS, 0);
    if (fd >= 0 && bind_tcp(fd, (struct sockaddr *)&where, size) &&
        write_bound(fd, ret_address))
        return fd;
    err_errno(err, "listening on %s", address);
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Whether somebody accepts there. */
static bool is_live(const struct sockaddr_un *where)
{
    int fd = socket(AF_UNIX, SOCKET_FLAGS, 0);
    if (fd < 0)
        return true; /* Not known: then nothing is removed. */
    bool refused = connect(fd, (const struct sockaddr *)where, sizeof *where) != 0 &&
                   (errno == ECONNREFUSED || errno == ENOENT);
    close(fd);
    return !refused;
}

static bool remove_stale(const struct sockaddr_un *where, struct err *err)
{
    struct stat found;
    if (lstat(where->sun_path, &found) != 0)
        return errno == ENOENT || err_errno(err, "looking at %s", where->sun_path);
    if (!S_ISSOCK(found.st_mode))
        return err_set(err, ERR_INVALID, "%s exists and is not a socket",
                       where->sun_path);
    if (is_live(where))
        return err_set(err, ERR_CONFLICT, "another process listens on %s",
                       where->sun_path);
    if (unlink(where->sun_path) != 0 && errno != ENOENT)
        return err_errno(err, "removing the stale socket %s", where->sun_path);
    return true;
}

/* The mode is set before bind, on the descriptor: Linux gives it to the new file, so
 * there is no moment in which others could connect. */
static int bind_unix(const struct sockaddr_un *where, struct err *err)
{
    int fd = socket(AF_UNIX, SOCKET_FLAGS, 0);
    if (fd >= 0 && fchmod(fd, 0660) == 0 &&
        bind(fd, (const struct sockaddr *)where, sizeof *where) == 0 &&
        chmod(where->sun_path, 0660) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    err_errno(err, "listening on %s", where->sun_path);
    if (fd >= 0)
        close(fd);
    return -1;
}

int listen_unix(const char *path, struct err *err)
{
    struct sockaddr_un where = { .sun_family = AF_UNIX };
    if (!slice_copy(slice_of(path), where.sun_path, sizeof where.sun_path) ||
        path[0] == '\0') {
        err_set(err, ERR_INVALID, "the socket path \"%s\" is empty or over %zu bytes",
                path, sizeof where.sun_path - 1);
        return -1;
    }
    if (!remove_stale(&where, err))
        return -1;
    return bind_unix(&where, err);
}
