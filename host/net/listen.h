/* listen.h - listening sockets; private to net/.
 *
 * Threads  The loop's. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include <stdbool.h>

#include "base/err.h"

/* A listening, non-blocking TCP socket with SO_REUSEPORT; -1 on failure. */
int listen_tcp(const char *address, char ret_address[64], struct err *err);

/* The same on a Unix socket with mode 0660. A stale file is replaced; a live one is
 * ERR_CONFLICT, any other kind of file ERR_INVALID. */
int listen_unix(const char *path, struct err *err);

#endif
