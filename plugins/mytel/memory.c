#include "memory.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_SIZE = 512 };

/* Set once by start, before the cell is locked. */
static const struct esim_host *host;

void mytel_memory_start(const struct esim_host *given)
{
    host = given;
}

void *mytel_alloc(size_t size)
{
    return host == NULL ? NULL : host->alloc(size == 0 ? 1 : size);
}

void mytel_log(esim_level level, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (host == NULL || size < 0)
        return;
    size_t kept = (size_t)size < sizeof line ? (size_t)size : sizeof line - 1;
    host->log(level, (struct esim_bytes){ line, kept });
}

const char *mytel_hex(const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    char *text = mytel_alloc(2 * size + 1);
    if (text == NULL)
        return "";
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return text;
}

/* 16 when it is no digit. */
static unsigned digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return (unsigned)(digit - '0');
    unsigned letter = (unsigned)((unsigned char)digit | 0x20);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : 16;
}

bool mytel_hex_read(struct esim_bytes text, uint8_t *ret, size_t size)
{
    if (text.size != 2 * size)
        return false;
    for (size_t i = 0; i < size; i++) {
        unsigned high = digit_value(text.ptr[2 * i]);
        unsigned low = digit_value(text.ptr[2 * i + 1]);
        if (high > 15 || low > 15)
            return false;
        ret[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
