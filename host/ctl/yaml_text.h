/* yaml_text.h - JSON written as YAML that a person reads.
 *
 * Texts that could mean anything else are quoted as JSON, which YAML 1.2 takes.
 *
 * Pure. */
#ifndef CTL_YAML_TEXT_H
#define CTL_YAML_TEXT_H

#include <jansson.h>

#include "base/buf.h"

void yaml_write(const json_t *value, struct buf *ret);

#endif
