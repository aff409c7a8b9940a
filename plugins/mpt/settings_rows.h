/* settings_rows.h - the settings as rows: read by settings.c, checked by
 * settings_check.c. */
#ifndef MPT_SETTINGS_ROWS_H
#define MPT_SETTINGS_ROWS_H

#include "settings.h"

struct mpt_text_row {
    const char *name;
    size_t offset;
    const char *otherwise; /* NULL: none. */
    size_t most;           /* Bytes. */
};
extern const struct mpt_text_row mpt_text_rows[];
extern const size_t mpt_text_row_count;

struct mpt_number_row {
    const char *name;
    size_t offset;
    int64_t otherwise, least, most;
};
extern const struct mpt_number_row mpt_number_rows[];
extern const size_t mpt_number_row_count;

/* Choices; the first is the default; each list ends with NULL. */
extern const char *const mpt_receipt_names[];  /* all, failure, none */
extern const char *const mpt_number_names[];   /* plain, plus, national */
extern const char *const mpt_join_names[];     /* reference, number */
extern const char *const mpt_validity_names[]; /* relative, absolute */
extern const char *const mpt_mode_names[];     /* By their value in esm_class. */
extern const char *const mpt_version_names[];  /* 3.4, 3.3, 5.0 */

#endif
