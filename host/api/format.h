/* format.h - the named forms that texts of the API have: EID, ICCID, IMEI, names ...
 *
 * A format is a row: name, check, and what the OpenAPI document says. "a|b|c" instead of
 * a name means one of these words.
 *
 * Threads  Any. */
#ifndef API_FORMAT_H
#define API_FORMAT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

struct number_plan;

/* NULL or "" fits everything. `numbers` tells how numbers are written at home; NULL: only
 * as E.164. The error's sentence says what is expected. */
bool format_check(const char *format, const char *text,
                  const struct number_plan *numbers, struct err *err);

/* An object to which the caller adds the type: pattern, enum, examples. */
json_t *format_document(const char *format);

/* False for a name that is no row: routes_check refuses it. */
bool format_is_known(const char *format);

#endif
