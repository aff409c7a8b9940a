#include "wire_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "esim/exchange.h"

void text_open(struct text *text)
{
    *text = (struct text){ 0 };
    text->file = open_memstream(&text->ptr, &text->size);
}

void text_put_bytes(struct text *text, const char *ptr, size_t size)
{
    if (text->file != NULL && size > 0)
        (void)fwrite(ptr, 1, size, text->file); /* ferror tells in text_close. */
}

void text_put(struct text *text, const char *markup)
{
    text_put_bytes(text, markup, strlen(markup));
}

/* Line ends and tabs as references: as they are, a parser would change them in an
 * attribute (XML 1.0 3.3.3) or make LF of CR (2.11). */
static const char *const references[256] = {
    ['&'] = "&amp;",  ['<'] = "&lt;",  ['>'] = "&gt;",   ['"'] = "&quot;",
    ['\''] = "&#39;", ['\t'] = "&#9;", ['\n'] = "&#10;", ['\r'] = "&#13;",
};

void text_put_value(struct text *text, const char *value)
{
    const char *from = value;
    for (; *value != '\0'; value++) {
        const char *reference = references[(uint8_t)*value];
        if (reference == NULL)
            continue;
        text_put_bytes(text, from, (size_t)(value - from));
        text_put(text, reference);
        from = value + 1;
    }
    text_put_bytes(text, from, (size_t)(value - from));
}

bool text_close(struct text *text, struct esim_bytes *ret)
{
    bool is_whole = text->file != NULL && ferror(text->file) == 0;
    if (text->file != NULL && fclose(text->file) != 0)
        is_whole = false;
    if (is_whole) {
        const char *copy = esim_string((struct esim_bytes){ text->ptr, text->size });
        is_whole = copy[0] != '\0' || text->size == 0;
        *ret = (struct esim_bytes){ copy, text->size };
    }
    if (text->ptr != NULL)
        explicit_bzero(text->ptr, text->size); /* A password may be in it. */
    free(text->ptr);
    *text = (struct text){ 0 };
    return is_whole;
}

/* ---- XML 1.0 2.2 ---- */

static bool is_char(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xd7ff) ||
           (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

/* Bytes of the sequence that this byte begins, and its own bits; 0: none. */
static unsigned sequence_of(uint8_t first, uint32_t *ret_bits)
{
    unsigned length = first < 0x80   ? 1
                      : first < 0xc2 ? 0
                      : first < 0xe0 ? 2
                      : first < 0xf0 ? 3
                      : first < 0xf5 ? 4
                                     : 0;
    *ret_bits = length < 2 ? first : first & (0x7fu >> length);
    return length;
}

bool text_is_xml(const char *value)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const uint8_t *at = (const uint8_t *)value;
    while (*at != '\0') {
        uint32_t c;
        unsigned length = sequence_of(*at++, &c);
        for (unsigned i = 1; i < length; i++, at++) {
            if ((*at & 0xc0) != 0x80)
                return false;
            c = c << 6 | (*at & 0x3f);
        }
        if (length == 0 || c < least[length] || !is_char(c))
            return false;
    }
    return true;
}
