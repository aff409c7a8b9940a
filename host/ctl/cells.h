/* cells.h - one member of a JSON object as the text of a table's cell.
 *
 * Pure. */
#ifndef CTL_CELLS_H
#define CTL_CELLS_H

#include <jansson.h>

#include "base/buf.h"

/* Appends the dotted member's text: "" when absent; control characters are shown as "?",
 * for what a carrier wrote must not steer a terminal. */
void cell_text(const json_t *object, const char *member, struct buf *ret);

#endif
