/* settings.h - the settings table: every limit, address and path is one row.
 *
 * Rows are in settings_rows.h: X(id, "name", kind, default, least, most, "unit", "text").
 * Values come from the file (YAML, flat), then from the environment (ESIMD_ + the name
 * in capitals, dots as underscores), the later wins. An unknown name, a value out of
 * range or of the wrong kind is an error that names the file, the line and the row.
 * `esimd --settings` prints the table; docs/settings.md is that print.
 *
 * Threads  Read-only after settings_load; any thread. */
#ifndef CONF_SETTINGS_H
#define CONF_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* The schema of an order knows no setting; this is what no setting may pass. */
enum { ORDER_TEXT_BYTES_MAX = 65536 };

enum setting_kind { SETTING_INT, SETTING_TEXT, SETTING_BOOL };

enum setting_id {
#define X(id, name, kind, otherwise, least, most, unit, text) id,
#include "conf/settings_rows.h"
#undef X
    SETTING_COUNT
};

struct setting {
    const char *name; /* "http.body_bytes" */
    enum setting_kind kind;
    const char *otherwise; /* The default, as it would be written. */
    int64_t least, most;   /* SETTING_INT only. */
    const char *unit;
    const char *text;
};

struct settings;

/* All defaults, then `path` (NULL: no file), then the environment. The caller destroys.
 */
struct settings *settings_load(const char *path, struct err *err);
void settings_destroy(struct settings **settings);

/* One value set by name, as from the environment; for tests and command-line options. */
bool settings_set(struct settings *settings, const char *name, const char *value,
                  struct err *err);

int64_t settings_int(const struct settings *settings, enum setting_id id);
bool settings_bool(const struct settings *settings, enum setting_id id);
const char *settings_text(const struct settings *settings, enum setting_id id);

const struct setting *settings_row(enum setting_id id);

/* The table as Markdown. */
void settings_document(struct buf *ret);

#endif
