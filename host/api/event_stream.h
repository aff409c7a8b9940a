/* event_stream.h - server-sent events: every event of a tenant as it is committed.
 *
 * The id of each is its place in the tenant's log, so a client that lost its connection
 * resumes with Last-Event-ID and misses nothing. A comment line every 15 s keeps proxies
 * from closing it. A client that is too slow is cut, and resumes.
 *
 * Threads  The loop's. */
#ifndef API_EVENT_STREAM_H
#define API_EVENT_STREAM_H

#include <stdint.h>

#include "api/call.h"

struct streams;

struct streams *streams_create(struct worker *worker);
void streams_destroy(struct streams **streams);

/* Something was committed: send what is new. */
void streams_look(struct streams *streams);

/* The host stops: all end. */
void streams_end(struct streams *streams);

/* Answers the call with a stream of what comes after `seq`. */
void event_stream_open(struct call *call, int64_t after_seq);

#endif
