#include <string.h>

#include "esim/exchange.h"
#include "lib.h"

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~", c) != NULL);
}

const char *esim_url_encode(const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t length = text == NULL ? 0 : strlen(text);
    char *encoded = lib_alloc(length * 3 + 1);
    if (encoded == NULL)
        return NULL;
    char *to = encoded;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (is_unreserved(text[i])) {
            *to++ = text[i];
            continue;
        }
        *to++ = '%';
        *to++ = hex[c >> 4];
        *to++ = hex[c & 15];
    }
    return encoded;
}

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes in place. False on a broken escape or a NUL. */
static bool decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        char c = *from == '+' ? ' ' : *from;
        if (c == '%') {
            int high = hex_of(from[1]);
            int low = high < 0 ? -1 : hex_of(from[2]);
            if (low < 0 || (high == 0 && low == 0))
                return false;
            c = (char)(high << 4 | low);
            from += 2;
        }
        *to++ = c;
    }
    *to = '\0';
    return true;
}

const char *esim_url_query(const char *path_and_query, const char *name)
{
    const char *here = path_and_query == NULL ? NULL : strchr(path_and_query, '?');
    while (here != NULL && *here != '\0' && *here != '#') {
        here++;
        size_t length = strcspn(here, "&#");
        size_t key = strcspn(here, "=&#");
        char *found = lib_copy(here, key);
        bool has_value = key < length;
        if (found != NULL && decode(found) && strcmp(found, name) == 0) {
            char *value = has_value ? lib_copy(here + key + 1, length - key - 1)
                                    : lib_copy("", 0);
            return value != NULL && decode(value) ? value : NULL;
        }
        here += length;
    }
    return NULL;
}
