/* order_body.h - an order to place, from flags or from a file.
 *
 * Threads  One. */
#ifndef CTL_ORDER_BODY_H
#define CTL_ORDER_BODY_H

#include <jansson.h>

#include "ctl/command.h"

/* An object; an array where the file holds several lines. NULL: err says why. */
json_t *order_body_read(const struct ctl *ctl, struct err *err);

/* One JSON value of a file; "-" is standard input. */
json_t *order_json_read(const char *path, struct err *err);

#endif
