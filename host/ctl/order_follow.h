/* order_follow.h - follows an order by the host's event stream.
 *
 * Threads  One. */
#ifndef CTL_ORDER_FOLLOW_H
#define CTL_ORDER_FOLLOW_H

#include "ctl/command.h"

/* Shows each change until the order is final or held. */
int order_watch(struct ctl *ctl, const char *id);

/* --for=state=STATE, --timeout. EXIT_OTHERWISE when it ended in another state. */
int order_wait(struct ctl *ctl, const char *id);

#endif
