/* settings.h - what differs from one carrier or client to the next (README.md).
 *
 * Read anew in each step. Texts are borrowed from the JSON. */
#ifndef MYTEL_SETTINGS_H
#define MYTEL_SETTINGS_H

#include <jansson.h>
#include <stdint.h>

#define MYTEL_SECRET "login.secret" /* Its name in manifest and secrets. */

enum { SECRET_LEAST = 16, SECRET_MOST = 128, WINDOW_MOST = 200 };

struct mytel_settings {
    const char *client_id; /* NULL when it is not set. */
    uint64_t window_most;
    int64_t ttl_s;            /* EXPIRES lies so far ahead. */
    int64_t poll_s;           /* Between looks at a request that takes long. */
    int64_t patience_s;       /* Then a person decides. */
    const char *profile_type; /* When the order names none; NULL: none. */
};

/* Takes what fits, and the default for the rest: what does not fit was refused by
 * mytel_settings_check when the settings were written. */
void mytel_settings_read(const json_t *json, struct mytel_settings *ret);

/* NULL when all is well; else the name of the first wrong setting, and in ret_message
 * what was expected. */
const char *mytel_settings_check(const json_t *json, const char **ret_message);

#endif
