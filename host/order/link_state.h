/* link_state.h - what session_link.c (which sessions there are) and link_store.c (what
 * they bring) share. Nobody else includes it. */
#ifndef ORDER_LINK_STATE_H
#define ORDER_LINK_STATE_H

#include "order/session_link.h"

enum { LINK_NAME_SIZE = 64 };

struct link_write;

struct session_link {
    struct session_link *next;
    struct engine *engine;
    struct adapter *adapter; /* That serves now. */
    char adapter_name[LINK_NAME_SIZE];
    char tenant[LINK_NAME_SIZE]; /* Of the view; "" for the default. */
    char name[LINK_NAME_SIZE];
    struct session *session; /* NULL once dropped. */
    struct session_server server;
    bool bound;                  /* As last told. */
    bool leaving;                /* Says goodbye; another may have taken its name. */
    int64_t outstanding, queued; /* As last shown. */

    size_t pending;           /* Writes that the store has, or that wait in `again`. */
    struct link_write *again; /* The store was full. */
    struct loop_timer *again_timer;
};

/* All of struct session_events but `changed` and `arg`. */
extern const struct session_events link_events;

void link_write_again(void *link);
/* Forgets what waits; what the store has still comes back, and frees the link. */
void link_free(struct session_link *link);

#endif
