/* lookup.h - from a host's name to its addresses, without blocking the loop.
 *
 * A numeric address is answered at the loop's next turn; a name is looked up by the C
 * library (getaddrinfo, and so by /etc/nsswitch.conf) on a thread of its own, which may
 * outlive the lookup but never touches the loop after lookup_cancel.
 *
 * Threads  The loop's. */
#ifndef NET_LOOKUP_H
#define NET_LOOKUP_H

#include <netdb.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"

struct lookup;

/* `addresses` (TCP, the system's order) is borrowed during the call; NULL: `err`. */
typedef void (*lookup_done)(void *arg, const struct addrinfo *addresses,
                            const struct err *err);

/* `done` is called once, never from inside. NULL when it cannot be started. */
struct lookup *lookup_start(struct loop *loop, const char *host, uint16_t port,
                            lookup_done done, void *arg, struct err *err);

/* `done` is not called. Not after `done`. */
void lookup_cancel(struct lookup **lookup);

#endif
