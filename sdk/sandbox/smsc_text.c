/* Alphabets, as far as a carrier's application needs them. The GSM table is written as a
 * string by septet here (3GPP TS 23.038 6.2.1): another form than an adapter would choose,
 * on purpose. */
#include <string.h>

#include "smsc.h"

/* "\x1b" stands where the escape is. */
static const char gsm[] = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ "
                          "!\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNO"
                          "PQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/* A mark behind the escape, then what it stands for (6.2.1.1). */
static const char escaped[] = "\n\f\x14^({)}/\\<[=~>]@|e€";

/* One character of UTF-8 that is known to be fine; its length. */
static size_t next(const char *text, uint32_t *ret)
{
    const uint8_t *octets = (const uint8_t *)text;
    if (octets[0] < 0x80) {
        *ret = octets[0];
        return 1;
    }
    size_t length = octets[0] >= 0xF0 ? 4 : octets[0] >= 0xE0 ? 3 : 2;
    uint32_t value = octets[0] & (0xFFu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((octets[i] & 0xC0) != 0x80) {
            *ret = '?';
            return 1;
        }
        value = value << 6 | (octets[i] & 0x3F);
    }
    *ret = value;
    return length;
}

static void put_utf8(struct buf *ret, uint32_t value)
{
    if (value < 0x80) {
        buf_add_char(ret, (char)value);
        return;
    }
    int more = value < 0x800 ? 1 : value < 0x10000 ? 2 : 3;
    buf_add_char(ret, (char)((0xFF00u >> (more + 1) & 0xFF) | value >> (6 * more)));
    while (more-- > 0)
        buf_add_char(ret, (char)(0x80 | (value >> (6 * more) & 0x3F)));
}

/* ---- GSM 7 bit ---- */

static int septet_of(uint32_t wanted)
{
    int septet = 0;
    for (const char *at = gsm; *at != '\0'; septet++) {
        uint32_t character;
        at += next(at, &character);
        if (character == wanted && septet != 0x1B)
            return septet;
    }
    return -1;
}

static uint32_t character_of(int wanted)
{
    int septet = 0;
    for (const char *at = gsm; *at != '\0'; septet++) {
        uint32_t character;
        at += next(at, &character);
        if (septet == wanted)
            return character;
    }
    return '?';
}

/* The mark of a character, or the character of a mark; 0: there is none. */
static uint32_t escape_of(uint32_t wanted, bool is_mark)
{
    for (const char *at = escaped; *at != '\0';) {
        uint32_t mark, character;
        at += next(at, &mark);
        at += next(at, &character);
        if (wanted == (is_mark ? mark : character))
            return is_mark ? character : mark;
    }
    return 0;
}

static bool encode_gsm(const char *utf8, struct buf *ret)
{
    while (*utf8 != '\0') {
        uint32_t character;
        utf8 += next(utf8, &character);
        int septet = septet_of(character);
        uint32_t mark = escape_of(character, false);
        if (septet < 0 && mark == 0)
            return false;
        if (septet < 0)
            buf_add_char(ret, 0x1B);
        buf_add_char(ret, septet < 0 ? (char)mark : (char)septet);
    }
    return true;
}

static void decode_gsm(struct slice octets, struct buf *ret)
{
    for (size_t i = 0; i < octets.size; i++) {
        uint32_t other = octets.ptr[i] == 0x1B && i + 1 < octets.size
                             ? escape_of((uint8_t)octets.ptr[i + 1], true)
                             : 0;
        if (other != 0) {
            put_utf8(ret, other);
            i++;
        } else {
            put_utf8(ret, character_of((uint8_t)octets.ptr[i]));
        }
    }
}

/* ---- UCS2 ---- */

static void encode_ucs2(const char *utf8, struct buf *ret)
{
    while (*utf8 != '\0') {
        uint32_t character;
        utf8 += next(utf8, &character);
        if (character >= 0x10000) {
            pdu_u16(ret, 0xD800 + ((character - 0x10000) >> 10));
            character = 0xDC00 + ((character - 0x10000) & 0x3FF);
        }
        pdu_u16(ret, character);
    }
}

static void decode_ucs2(struct slice octets, struct buf *ret)
{
    uint32_t high = 0;
    for (size_t i = 0; i + 1 < octets.size; i += 2) {
        uint32_t unit = (uint32_t)((uint8_t)octets.ptr[i] << 8 |
                                   (uint8_t)octets.ptr[i + 1]);
        if (unit >= 0xD800 && unit < 0xDC00)
            high = unit;
        else if (unit >= 0xDC00 && unit < 0xE000 && high != 0)
            put_utf8(ret, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
        else
            put_utf8(ret, unit >= 0xD800 && unit < 0xE000 ? '?' : unit);
    }
}

/* ---- both ---- */

void smsc_decode(uint8_t coding, struct slice octets, struct buf *ret)
{
    if (coding == 8)
        decode_ucs2(octets, ret);
    else if (coding == 0)
        decode_gsm(octets, ret);
    else
        for (size_t i = 0; i < octets.size; i++)
            put_utf8(ret, (uint8_t)octets.ptr[i]);
}

uint8_t smsc_encode(const char *utf8, struct buf *ret)
{
    if (encode_gsm(utf8, ret))
        return 0;
    buf_clear(ret);
    encode_ucs2(utf8, ret);
    return 8;
}
