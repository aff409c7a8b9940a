#include "wire_text.h"

#include <string.h>

enum { GSM_ESCAPE = 0x1B, REPLACEMENT = 0xFFFD, NONE = 0xFFFF };

/* 3GPP TS 23.038 6.2.1, by septet. 0x1B is the escape to the extension. */
/* clang-format off */
static const uint16_t gsm_basic[128] = {
    '@',    0x00A3, '$',    0x00A5, 0x00E8, 0x00E9, 0x00F9, 0x00EC,
    0x00F2, 0x00C7, '\n',   0x00D8, 0x00F8, '\r',   0x00C5, 0x00E5,
    0x0394, '_',    0x03A6, 0x0393, 0x039B, 0x03A9, 0x03A0, 0x03A8,
    0x03A3, 0x0398, 0x039E, NONE,   0x00C6, 0x00E6, 0x00DF, 0x00C9,
    ' ',    '!',    '"',    '#',    0x00A4, '%',    '&',    '\'',
    '(',    ')',    '*',    '+',    ',',    '-',    '.',    '/',
    '0',    '1',    '2',    '3',    '4',    '5',    '6',    '7',
    '8',    '9',    ':',    ';',    '<',    '=',    '>',    '?',
    0x00A1, 'A',    'B',    'C',    'D',    'E',    'F',    'G',
    'H',    'I',    'J',    'K',    'L',    'M',    'N',    'O',
    'P',    'Q',    'R',    'S',    'T',    'U',    'V',    'W',
    'X',    'Y',    'Z',    0x00C4, 0x00D6, 0x00D1, 0x00DC, 0x00A7,
    0x00BF, 'a',    'b',    'c',    'd',    'e',    'f',    'g',
    'h',    'i',    'j',    'k',    'l',    'm',    'n',    'o',
    'p',    'q',    'r',    's',    't',    'u',    'v',    'w',
    'x',    'y',    'z',    0x00E4, 0x00F6, 0x00F1, 0x00FC, 0x00E0,
};

/* 6.2.1.1 */
static const struct { uint8_t septet; uint16_t character; } gsm_extension[] = {
    { 0x0A, 0x000C }, { 0x14, '^' }, { 0x28, '{' }, { 0x29, '}' }, { 0x2F, '\\' },
    { 0x3C, '[' },    { 0x3D, '~' }, { 0x3E, ']' }, { 0x40, '|' }, { 0x65, 0x20AC },
};

static const struct { const char *name; uint8_t data_coding; } charsets[] = {
    [SMPP_GSM7]        = { "gsm7",        0 },
    [SMPP_GSM7_PACKED] = { "gsm7-packed", 0 },
    [SMPP_ASCII]       = { "ascii",       1 },
    [SMPP_LATIN1]      = { "latin1",      3 },
    [SMPP_UCS2]        = { "ucs2",        8 },
    [SMPP_OCTETS]      = { "octets",      4 },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

const char *smpp_charset_name(enum smpp_charset charset)
{
    return charsets[charset].name;
}

bool smpp_charset_read(const char *name, enum smpp_charset *ret)
{
    for (size_t i = 0; i < COUNT(charsets); i++)
        if (strcmp(charsets[i].name, name) == 0) {
            *ret = (enum smpp_charset)i;
            return true;
        }
    return false;
}

/* 11110abb is a GSM message class: bit 2 says octets (3GPP TS 23.038 4). */
enum smpp_charset smpp_charset_of(uint8_t data_coding,
                                  const struct smpp_codings *codings)
{
    if ((data_coding & 0xF0) == 0xF0)
        return (data_coding & 0x04) != 0 ? SMPP_OCTETS : codings->zero;
    switch (data_coding) {
    case 0:
        return codings->zero;
    case 1:
        return codings->one;
    case 3:
        return SMPP_LATIN1;
    case 8:
        return SMPP_UCS2;
    default:
        return SMPP_OCTETS;
    }
}

uint8_t smpp_coding_of(enum smpp_charset charset, const struct smpp_codings *codings)
{
    uint8_t standard = charsets[charset].data_coding;
    if (smpp_charset_of(standard, codings) == charset)
        return standard;
    if (codings->zero == charset)
        return 0;
    return codings->one == charset ? 1 : standard;
}

/* ---- UTF-8 ---- */

static size_t sequence_length(uint8_t first, uint32_t *ret_bits)
{
    static const struct {
        uint8_t mask, lead;
    } rows[] = { { 0x80, 0x00 }, { 0xE0, 0xC0 }, { 0xF0, 0xE0 }, { 0xF8, 0xF0 } };
    for (size_t i = 0; i < COUNT(rows); i++)
        if ((first & rows[i].mask) == rows[i].lead) {
            *ret_bits = first & (uint8_t)~rows[i].mask;
            return i + 1;
        }
    return 0;
}

size_t smpp_utf8_next(struct esim_bytes text, uint32_t *ret)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    uint32_t value = 0;
    size_t length = text.size == 0 ? 0 : sequence_length((uint8_t)text.ptr[0], &value);
    if (length == 0 || length > text.size)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if (((uint8_t)text.ptr[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | ((uint8_t)text.ptr[i] & 0x3F);
    }
    bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < least[length] || value > 0x10FFFF || is_surrogate)
        return 0;
    *ret = value;
    return length;
}

void smpp_utf8_put(struct smpp_out *out, uint32_t character)
{
    if (character < 0x80) {
        smpp_put_u8(out, (uint8_t)character);
        return;
    }
    unsigned more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    static const uint8_t leads[] = { 0, 0xC0, 0xE0, 0xF0 };
    smpp_put_u8(out, (uint8_t)(leads[more] | character >> (6 * more)));
    while (more-- > 0)
        smpp_put_u8(out, (uint8_t)(0x80 | (character >> (6 * more) & 0x3F)));
}

/* ---- one character out ---- */

static bool put_gsm(struct smpp_out *out, uint32_t character)
{
    for (unsigned i = 0; i < COUNT(gsm_basic); i++)
        if (gsm_basic[i] == character && i != GSM_ESCAPE) {
            smpp_put_u8(out, (uint8_t)i);
            return true;
        }
    for (size_t i = 0; i < COUNT(gsm_extension); i++)
        if (gsm_extension[i].character == character) {
            smpp_put_u8(out, GSM_ESCAPE);
            smpp_put_u8(out, gsm_extension[i].septet);
            return true;
        }
    return false;
}

static bool put_below(struct smpp_out *out, uint32_t character, uint32_t end)
{
    smpp_put_u8(out, (uint8_t)character);
    return character < end;
}

static bool put_ascii(struct smpp_out *out, uint32_t character)
{
    return put_below(out, character, 0x80);
}

static bool put_latin(struct smpp_out *out, uint32_t character)
{
    return put_below(out, character, 0x100);
}

static bool put_ucs2(struct smpp_out *out, uint32_t character)
{
    if (character < 0x10000) {
        smpp_put_u16(out, (uint16_t)character);
    } else {
        smpp_put_u16(out, (uint16_t)(0xD800 + ((character - 0x10000) >> 10)));
        smpp_put_u16(out, (uint16_t)(0xDC00 + ((character - 0x10000) & 0x3FF)));
    }
    return true;
}

bool smpp_encode(enum smpp_charset charset, struct esim_bytes text,
                 struct smpp_out *out)
{
    static bool (*const puts[])(struct smpp_out *, uint32_t) = {
        [SMPP_GSM7] = put_gsm,    [SMPP_GSM7_PACKED] = put_gsm,
        [SMPP_ASCII] = put_ascii, [SMPP_LATIN1] = put_latin,
        [SMPP_UCS2] = put_ucs2,   [SMPP_OCTETS] = NULL,
    };
    bool fits = puts[charset] != NULL;
    while (fits && text.size > 0) {
        uint32_t character = 0;
        size_t length = smpp_utf8_next(text, &character);
        fits = length > 0 && puts[charset](out, character);
        text.ptr += length;
        text.size -= length;
    }
    return fits && !out->full;
}

/* ---- all characters in ---- */

static uint32_t extension_character(uint8_t septet)
{
    for (size_t i = 0; i < COUNT(gsm_extension); i++)
        if (gsm_extension[i].septet == septet)
            return gsm_extension[i].character;
    /* 6.2.1: an unknown one shows as the basic alphabet's. */
    return septet == GSM_ESCAPE ? ' ' : gsm_basic[septet];
}

static void decode_gsm(struct smpp_in *in, struct smpp_out *out)
{
    while (smpp_in_left(in) > 0) {
        uint8_t octet = smpp_get_u8(in);
        uint32_t character = octet < COUNT(gsm_basic) ? gsm_basic[octet] : REPLACEMENT;
        if (octet == GSM_ESCAPE) {
            uint8_t next = smpp_get_u8(in);
            character = in->bad                   ? ' '
                        : next < COUNT(gsm_basic) ? extension_character(next)
                                                  : (uint32_t)REPLACEMENT;
        }
        smpp_utf8_put(out, character);
    }
}

static void decode_ascii(struct smpp_in *in, struct smpp_out *out)
{
    while (smpp_in_left(in) > 0) {
        uint8_t octet = smpp_get_u8(in);
        smpp_utf8_put(out, octet < 0x80 ? octet : (uint32_t)REPLACEMENT);
    }
}

static void decode_latin(struct smpp_in *in, struct smpp_out *out)
{
    while (smpp_in_left(in) > 0)
        smpp_utf8_put(out, smpp_get_u8(in));
}

static bool is_high(uint32_t unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low(uint32_t unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

static void decode_ucs2(struct smpp_in *in, struct smpp_out *out)
{
    while (smpp_in_left(in) > 1) {
        uint32_t unit = smpp_get_u16(in);
        struct smpp_in ahead = *in;
        uint32_t next = is_high(unit) ? smpp_get_u16(&ahead) : 0;
        if (is_low(next)) {
            *in = ahead;
            unit = 0x10000 + ((unit - 0xD800) << 10) + (next - 0xDC00);
        } else if (is_high(unit) || is_low(unit)) {
            unit = REPLACEMENT;
        }
        smpp_utf8_put(out, unit);
    }
    if (smpp_in_left(in) > 0) {
        smpp_get_u8(in);
        smpp_utf8_put(out, REPLACEMENT);
    }
}

static void decode_octets(struct smpp_in *in, struct smpp_out *out)
{
    static const char digits[] = "0123456789abcdef";
    while (smpp_in_left(in) > 0) {
        uint8_t octet = smpp_get_u8(in);
        smpp_put_u8(out, (uint8_t)digits[octet >> 4]);
        smpp_put_u8(out, (uint8_t)digits[octet & 15]);
    }
}

bool smpp_decode(enum smpp_charset charset, struct esim_bytes bytes,
                 struct smpp_out *out)
{
    static void (*const decoders[])(struct smpp_in *, struct smpp_out *) = {
        [SMPP_GSM7] = decode_gsm,    [SMPP_GSM7_PACKED] = decode_gsm,
        [SMPP_ASCII] = decode_ascii, [SMPP_LATIN1] = decode_latin,
        [SMPP_UCS2] = decode_ucs2,   [SMPP_OCTETS] = decode_octets,
    };
    struct smpp_in in = smpp_in_of(bytes);
    decoders[charset](&in, out);
    return !out->full;
}

/* ---- packing, 3GPP TS 23.038 6.1.2.1 ---- */

void smpp_pack(struct esim_bytes septets, unsigned fill_bits, struct smpp_out *out)
{
    uint32_t held = 0;
    unsigned bits = fill_bits;
    for (size_t i = 0; i < septets.size; i++) {
        held |= (uint32_t)((uint8_t)septets.ptr[i] & 0x7F) << bits;
        bits += 7;
        while (bits >= 8) {
            smpp_put_u8(out, (uint8_t)held);
            held >>= 8;
            bits -= 8;
        }
    }
    if (bits > 0)
        smpp_put_u8(out, (uint8_t)held);
}

/* Seven bits left over hold one more "@" or nothing: a lone 0 there is taken for
 * nothing, and so is the CR with which careful senders fill them (6.1.2.3.1). */
void smpp_unpack(struct esim_bytes octets, unsigned fill_bits, struct smpp_out *out)
{
    struct smpp_in in = smpp_in_of(octets);
    uint32_t held = 0;
    unsigned bits = 0, skip = fill_bits;
    while (smpp_in_left(&in) > 0) {
        held |= (uint32_t)smpp_get_u8(&in) << bits;
        bits += 8;
        if (skip > 0) {
            held >>= skip;
            bits -= skip;
            skip = 0;
        }
        while (bits >= 7) {
            uint8_t septet = held & 0x7F;
            held >>= 7;
            bits -= 7;
            bool is_filling = smpp_in_left(&in) == 0 && bits == 0 &&
                              (septet == 0 || septet == '\r');
            if (!is_filling)
                smpp_put_u8(out, septet);
        }
    }
}
