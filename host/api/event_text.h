/* event_text.h - an event as a CloudEvent (1.0, structured JSON).
 *
 * Threads  Any. */
#ifndef API_EVENT_TEXT_H
#define API_EVENT_TEXT_H

#include <jansson.h>

#include "store/event_log.h"

/* A new reference. */
json_t *event_document(const struct event_row *event);

#endif
