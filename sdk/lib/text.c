#include <string.h>
#include <strings.h>

#include "esim/exchange.h"
#include "lib.h"

struct esim_bytes esim_text(const char *text)
{
    return lib_bytes(text);
}

struct esim_bytes esim_format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct esim_bytes text = lib_bytes(lib_format(format, args));
    va_end(args);
    return text;
}

const char *esim_string(struct esim_bytes bytes)
{
    const char *copy = lib_copy(bytes.ptr, bytes.size);
    return copy == NULL ? "" : copy;
}

bool esim_is(struct esim_bytes bytes, const char *text)
{
    return bytes.size == strlen(text) &&
           (bytes.size == 0 || memcmp(bytes.ptr, text, bytes.size) == 0);
}

const char *esim_header_of(const struct esim_header *headers, uint64_t count,
                           const char *name)
{
    size_t length = strlen(name);
    for (uint64_t i = 0; i < count; i++)
        if (headers[i].name.size == length &&
            strncasecmp(headers[i].name.ptr, name, length) == 0)
            return lib_copy(headers[i].value.ptr, headers[i].value.size);
    return NULL;
}

/* ---- RFC 4648 section 4 ---- */

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct esim_bytes esim_base64(struct esim_bytes bytes)
{
    const uint8_t *from = (const uint8_t *)bytes.ptr;
    size_t size = (bytes.size + 2) / 3 * 4;
    char *text = lib_alloc(size + 1);
    if (text == NULL)
        return (struct esim_bytes){ NULL, 0 };
    char *to = text;
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        uint32_t group = (uint32_t)from[i] << 16;
        group |= left > 1 ? (uint32_t)from[i + 1] << 8 : 0;
        group |= left > 2 ? from[i + 2] : 0;
        *to++ = alphabet[group >> 18];
        *to++ = alphabet[group >> 12 & 63];
        *to++ = left > 1 ? alphabet[group >> 6 & 63] : '=';
        *to++ = left > 2 ? alphabet[group & 63] : '=';
    }
    return (struct esim_bytes){ text, size };
}

/* 0 to 63, or -1. */
static int digit_of(char c)
{
    const char *found = c == '\0' ? NULL : strchr(alphabet, c);
    return found == NULL ? -1 : (int)(found - alphabet);
}

/* Four characters into up to three bytes; the number of bytes, or -1. Only the last
 * group may be padded, and the bits that padding leaves unused must be 0. */
static int read_group(const char *text, bool last, uint8_t ret[3])
{
    int pad = !last || text[3] != '=' ? 0 : text[2] != '=' ? 1 : 2;
    uint32_t group = 0;
    for (int i = 0; i < 4; i++) {
        int digit = i >= 4 - pad ? 0 : digit_of(text[i]);
        if (digit < 0)
            return -1;
        group = group << 6 | (uint32_t)digit;
    }
    ret[0] = (uint8_t)(group >> 16);
    ret[1] = (uint8_t)(group >> 8);
    ret[2] = (uint8_t)group;
    bool is_strict = pad == 0 || (pad == 1 ? ret[2] == 0 : ret[1] == 0 && ret[2] == 0);
    return is_strict ? 3 - pad : -1;
}

struct esim_bytes esim_base64_read(const char *text)
{
    const struct esim_bytes wrong = { NULL, 0 };
    size_t length = text == NULL ? 1 : strlen(text);
    if (length % 4 != 0)
        return wrong;
    char *bytes = lib_alloc(length / 4 * 3 + 1);
    if (bytes == NULL)
        return wrong;
    size_t size = 0;
    for (size_t i = 0; i < length; i += 4) {
        uint8_t group[3];
        int count = read_group(text + i, i + 4 == length, group);
        if (count < 0)
            return wrong;
        memcpy(bytes + size, group, (size_t)count);
        size += (size_t)count;
    }
    return (struct esim_bytes){ bytes, size };
}
