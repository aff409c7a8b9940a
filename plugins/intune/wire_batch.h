/* wire_batch.h - $batch: up to 20 requests in one (Graph, "Combine multiple HTTP
 * requests using JSON batching"). The reply is 200 whatever happened inside, and its
 * items come in any order, each with a status of its own. */
#ifndef INTUNE_WIRE_BATCH_H
#define INTUNE_WIRE_BATCH_H

#include <jansson.h>
#include <stdbool.h>

#include "esim/abi.h"

enum { BATCH_MOST = 20 };

/* An empty batch. */
json_t *batch_new(void);

/* Adds a GET. `id` is unique within the batch, `url` relative to the version's root;
 * `after` is the id of an earlier item that must have gone well, or NULL. False when the
 * batch is full. */
bool batch_add_get(json_t *batch, const char *id, const char *url, const char *after);

/* The item of a reply with this id. */
struct batch_item {
    int status;
    const json_t *body;      /* NULL: none. */
    const char *retry_after; /* NULL: none. */
    const json_t *headers;   /* NULL: none. */
};
bool batch_item_read(const json_t *reply, const char *id, struct batch_item *ret);

#endif
