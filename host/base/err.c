#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const code_names[ERR_CODE_COUNT] = {
    [ERR_NONE] = "none",
    [ERR_INVALID] = "invalid",
    [ERR_DENIED] = "denied",
    [ERR_NOT_FOUND] = "not_found",
    [ERR_CONFLICT] = "conflict",
    [ERR_STALE] = "stale",
    [ERR_LIMIT] = "limit",
    [ERR_UNAVAILABLE] = "unavailable",
    [ERR_TIMEOUT] = "timeout",
    [ERR_UNTRUSTED] = "untrusted",
    [ERR_IO] = "io",
    [ERR_CORRUPT] = "corrupt",
    [ERR_UNAUTHORISED] = "unauthorised",
    [ERR_INTERNAL] = "internal",
};

/* Cutting a sentence that is too long is the wish here, not an accident. */
static void write_text(char *text, size_t size, const char *format, va_list args)
{
    int length = vsnprintf(text, size, format, args);
    assert(length >= 0);
}

bool err_set(struct err *err, enum err_code code, const char *format, ...)
{
    if (err == NULL)
        return false;
    va_list args;
    va_start(args, format);
    err->code = code;
    err->field[0] = '\0';
    write_text(err->text, sizeof err->text, format, args);
    va_end(args);
    return false;
}

bool err_field(struct err *err, const char *field, const char *format, ...)
{
    if (err == NULL)
        return false;
    va_list args;
    va_start(args, format);
    err->code = ERR_INVALID;
    size_t length = strnlen(field, sizeof err->field - 1);
    memmove(err->field, field, length);
    err->field[length] = '\0';
    write_text(err->text, sizeof err->text, format, args);
    va_end(args);
    return false;
}

bool err_errno(struct err *err, const char *format, ...)
{
    int number = errno;
    if (err == NULL)
        return false;
    char text[sizeof err->text];
    va_list args;
    va_start(args, format);
    write_text(text, sizeof text, format, args);
    va_end(args);
    return err_set(err, ERR_IO, "%.400s: %s", text, strerror(number));
}

bool err_wrap(struct err *err, const char *format, ...)
{
    if (err == NULL)
        return false;
    char before[sizeof err->text];
    char inside[sizeof err->text];
    va_list args;
    va_start(args, format);
    write_text(before, sizeof before, format, args);
    va_end(args);
    memcpy(inside, err->text, sizeof inside);
    int length = snprintf(err->text, sizeof err->text, "%.200s: %.300s", before,
                          inside);
    assert(length >= 0);
    return false;
}

const char *err_code_name(enum err_code code)
{
    assert(code >= 0 && code < ERR_CODE_COUNT);
    return code_names[code];
}
