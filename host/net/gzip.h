/* gzip.h - bodies in the gzip coding (RFC 1952), for clients that ask.
 *
 * Threads  One packer, one thread at a time. */
#ifndef NET_GZIP_H
#define NET_GZIP_H

#include <stdbool.h>

#include "base/buf.h"

struct gzip;

struct gzip *gzip_create(void);
void gzip_destroy(struct gzip **gzip);

/* The packed bytes, borrowed until the next call. False when memory is short or the
 * result would not be smaller. */
bool gzip_pack(struct gzip *gzip, struct slice bytes, struct slice *ret);

/* Whether an Accept-Encoding value (RFC 9110 12.5.3) takes gzip: named, or by "*", and
 * not with a weight of zero. */
bool gzip_is_accepted(struct slice accept_encoding);

#endif
