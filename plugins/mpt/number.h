/* number.h - telephone numbers: as the host has them, as this carrier writes them. */
#ifndef MPT_NUMBER_H
#define MPT_NUMBER_H

#include "settings.h"

/* International digits without a plus: "+959...", "959..." and "09..." are the same. NULL
 * when it is no number of 4 to 15 digits. From the step's memory. */
const char *mpt_number_digits(const struct mpt_settings *settings, const char *number);

/* As the setting number_form wants it in a command's text. NULL as above. */
const char *mpt_number_write(const struct mpt_settings *settings, const char *number);

/* The key of an operation whose replies name the line alone: "n959...". */
const char *mpt_number_key(const struct mpt_settings *settings, const char *number);

#endif
