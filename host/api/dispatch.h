/* dispatch.h - the pipeline that every request goes through.
 *
 * Route, request id and trace, who, tenant, rate, input, policy, handler: in that order,
 * each step a function that either goes on or answers. Nothing here knows a resource.
 *
 * Threads  The loop's. */
#ifndef API_DISPATCH_H
#define API_DISPATCH_H

#include "net/http_server.h"

struct worker;

/* What a listening server passes as its argument. */
struct listener {
    struct worker *worker;
    unsigned sides; /* enum route_side */
};

/* An http_handler; `arg` is a struct listener. */
void dispatch(struct http_exchange *exchange, void *arg);

#endif
