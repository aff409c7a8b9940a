/* pipeline.h - the queue of exchanges on a connection; private to net/.
 *
 * Threads  The loop's. */
#ifndef NET_PIPELINE_H
#define NET_PIPELINE_H

#include "net/connection.h"

void pipeline_init(struct connection *connection);

/* Reads requests from the bytes and hands them to the handler. Returns what has to wait
 * until the queue has room; nothing when the connection begins no more requests. */
struct slice pipeline_read(struct connection *connection, struct slice bytes);

/* Refuses the request being read. */
void pipeline_refuse(struct connection *connection, enum refusal refusal);

/* Takes answered exchanges off the front; the next one then writes directly. */
void pipeline_shift(struct connection *connection);

/* Sends "100 Continue" when the request being read waits for it and is next. */
void pipeline_continue(struct connection *connection);

/* Drops the request being read and the queue; open exchanges see on_gone. */
void pipeline_abandon(struct connection *connection);

#endif
