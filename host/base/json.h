/* json.h - jansson with the limits that foreign bytes need, and short ways to read it.
 *
 * All parsing in the host goes through json_read: duplicate keys refused, depth capped
 * (jansson's own cap of 2048 recurses too far for a small stack), whole input consumed.
 * json_start seeds the hash, makes the process end when there is no memory for a value
 * (base/memory.h), and must run before the first thread and before a cell is
 * locked.
 *
 * Threads  A json_t belongs to one thread at a time. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum { JSON_DEPTH_MAX = 64 };

void json_start(void);

/* Reads one JSON value. NULL and an error that names line and column on failure. The
 * caller owns the reference. */
json_t *json_read(struct slice text, struct err *err);

/* Appends the compact form; object keys keep their order; no needless escapes
 * (SGP.22 6.5: never "\/", raw UTF-8). */
void json_write(const json_t *value, struct buf *ret);

/* As json_write with sorted keys: for digests and comparisons. */
void json_write_sorted(const json_t *value, struct buf *ret);

/* Members by key. NULL or `otherwise` when absent, null or of another type. Borrowed. */
const char *json_text(const json_t *object, const char *key);
int64_t json_int(const json_t *object, const char *key, int64_t otherwise);
bool json_bool(const json_t *object, const char *key, bool otherwise);

/* Sets a text member; NULL text sets nothing. */
void json_put_text(json_t *object, const char *key, const char *text);
void json_put_int(json_t *object, const char *key, int64_t number);

#endif
