/* connector.h - opens one outbound connection: looks the name up, checks each address,
 * tries them in turn, and shakes hands when TLS is wanted. One deadline for all of it.
 *
 * Threads  The loop's. */
#ifndef NET_CONNECTOR_H
#define NET_CONNECTOR_H

#include "base/err.h"
#include "loop/loop.h"
#include "net/stream.h"
#include "net/transport.h"

struct connector;

/* Called once, never from inside connector_start. `transport` (its socket and TLS are
 * given) is open; NULL: `err` says why not, as in stream.h. The connector is still to be
 * destroyed, and may be in there. */
typedef void (*connector_done)(void *arg, const struct transport *transport,
                               const struct err *err);

/* NULL when it cannot be started. */
struct connector *connector_start(struct loop *loop, const struct stream_place *place,
                                  connector_done done, void *arg, struct err *err);

/* Before `done`: it is not called. */
void connector_destroy(struct connector **connector);

#endif
