/* dry.h - orders that shall change nothing.
 *
 * A flow looks before it changes. In a dry run it looks all the same; where it would
 * change something first, it ends, and tells that and what would follow. */
#ifndef INTUNE_DRY_H
#define INTUNE_DRY_H

#include <stdbool.h>

#include "esim/exchange.h"

/* True: this is a dry run and the request would change something. The operation has been
 * ended: DONE, with state "planned" and the sentences in `would`. */
bool dry_ends(struct esim_talk *talk, const char *method, const char *path);

#endif
