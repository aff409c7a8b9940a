/* lists.h - pages through a list of the host and shows it.
 *
 * Threads  One. */
#ifndef CTL_LISTS_H
#define CTL_LISTS_H

#include "ctl/command.h"

/* Flags of every list. */
/* clang-format off */
#define LIST_FLAGS \
    { "limit", 0, "N", "rows at most; all are shown if not said" }
/* clang-format on */

/* Shows what `path` lists, with the named flags as query parameters ("external-id" is
 * sent as external_id), page after page. NULL: this list has neither filters nor pages.
 */
int list_show(struct ctl *ctl, const char *path, const char *const *filters,
              const struct column *columns);

/* Shows one object at `path`. */
int one_show(struct ctl *ctl, const char *path, const struct column *columns);

#endif
