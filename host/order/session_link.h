/* session_link.h - the engine's kept sessions: one for each adapter, tenant view and
 * session of its manifest that has a place.
 *
 * They belong to the engine and outlive the version of the adapter that opened them. What
 * a session brings is stored by one transaction each; the session hears when.
 *
 * Threads  The engine's loop. */
#ifndef ORDER_SESSION_LINK_H
#define ORDER_SESSION_LINK_H

#include <stdbool.h>

#include "adapter/session.h"
#include "order/engine_state.h"

/* Adapters became ready or were replaced: opens what is missing, hands over what stays
 * to the adapter that serves now, says goodbye where the place is another or gone. */
void session_links_look(struct engine *engine);

/* NULL: there is none, or not yet. `tenant` of the view; "" for the default. */
struct session *session_link_find(struct engine *engine, const char *adapter,
                                  const char *tenant, const char *name);

/* The engine is stopping: all say goodbye; over when they are closed and all that they
 * brought is stored. engine_maybe_stopped follows. */
void session_links_drain(struct engine *engine);
bool session_links_are_over(const struct engine *engine);

/* Called by engine->link_timer: frees those that are over, keeps the numbers fresh. */
void session_links_tend(void *engine);

/* At once. What is being stored may still be answered afterwards. */
void session_links_drop(struct engine *engine);

#endif
