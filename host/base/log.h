/* log.h - one line of JSON per thing worth telling, on standard error.
 *
 * {"at":"...","level":"info","event":"adapter.loaded","name":"atom",...}
 * Only the top of a call chain logs; libraries return errors. Never a secret, an
 * activation code, or a body. On a terminal the same line is printed for people
 * (colour unless NO_COLOR is set).
 *
 * Threads  Any; a line is written by one write(2). */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_LEVEL_COUNT };

/* A line's further members. End the list with LOG_END. */
struct log_field {
    const char *key; /* NULL ends the list. */
    const char *text;
    int64_t number; /* Used when text is NULL. */
};
#define LOG_TEXT(k, v)                 \
    (struct log_field)                 \
    {                                  \
        (k), (v) != NULL ? (v) : "", 0 \
    }
#define LOG_INT(k, v)  \
    (struct log_field) \
    {                  \
        (k), NULL, (v) \
    }

void log_set_level(enum log_level least);
void log_event(enum log_level level, const char *event, const struct log_field *fields);

#define log_line(level, event, ...) \
    log_event(                      \
        (level), (event),           \
        (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(, ){ NULL, NULL, 0 } })

/* A line of level error with the code, field and sentence of `err`. */
void log_err(const char *event, const struct err *err);

#endif
