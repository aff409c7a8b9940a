#include "wire_split.h"

#include <string.h>

enum { UDH_SIZE = 6, LOOK_BACK_MOST = 8, ELEMENT_REF8 = 0x00, ELEMENT_REF16 = 0x08 };

/* clang-format off */
/* Octets of one message, and of one part of several (3GPP TS 23.040 9.2.3.24.1). */
static const struct { size_t alone, part; } rooms[] = {
    [SMPP_GSM7]        = { 160, 153 },
    [SMPP_GSM7_PACKED] = { 160, 153 },
    [SMPP_ASCII]       = { 140, 134 },
    [SMPP_LATIN1]      = { 140, 134 },
    [SMPP_UCS2]        = { 140, 134 },
    [SMPP_OCTETS]      = { 140, 134 },
};

/* What must stay with the character before it: combining marks of the Myanmar block
 * (Unicode 15, General_Category M), general ones, joiners, variation selectors. */
static const struct { uint16_t first, last; } joined[] = {
    { 0x0300, 0x036F }, { 0x102B, 0x103E }, { 0x1056, 0x1059 }, { 0x105E, 0x1060 },
    { 0x1062, 0x1064 }, { 0x1067, 0x106D }, { 0x1071, 0x1074 }, { 0x1082, 0x108D },
    { 0x108F, 0x108F }, { 0x109A, 0x109D }, { 0x200C, 0x200D }, { 0xDC00, 0xDFFF },
    { 0xFE00, 0xFE0F },
};
/* clang-format on */

enum { MYANMAR_VIRAMA = 0x1039, MYANMAR_ASAT = 0x103A, JOINER = 0x200D };

static const char *const ways[] = {
    [SMPP_BY_UDH] = "udh", [SMPP_BY_SAR] = "sar", [SMPP_BY_PAYLOAD] = "payload"
};

const char *smpp_way_name(enum smpp_way way)
{
    return ways[way];
}

bool smpp_way_read(const char *name, enum smpp_way *ret)
{
    for (size_t i = 0; i < SMPP_WAY_COUNT; i++)
        if (strcmp(ways[i], name) == 0) {
            *ret = (enum smpp_way)i;
            return true;
        }
    return false;
}

/* ---- where to cut ---- */

static uint16_t unit_at(const struct smpp_split *split, size_t at)
{
    return (uint16_t)(split->octets[at] << 8 | split->octets[at + 1]);
}

static bool is_joined(uint16_t unit)
{
    for (size_t i = 0; i < sizeof joined / sizeof joined[0]; i++)
        if (unit >= joined[i].first && unit <= joined[i].last)
            return true;
    return false;
}

static bool is_low(uint16_t unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* The virama stacks the next consonant below; a killed consonant (with asat) ends the
 * syllable before it. */
static bool breaks_cluster(const struct smpp_split *split, size_t at)
{
    uint16_t next = unit_at(split, at), before = unit_at(split, at - 2);
    bool kills = at + 2 < split->size && unit_at(split, at + 2) == MYANMAR_ASAT;
    return is_joined(next) || before == MYANMAR_VIRAMA || before == JOINER || kills;
}

static size_t cut_ucs2(const struct smpp_split *split, size_t start, size_t end)
{
    size_t least = end - start > 2 * LOOK_BACK_MOST ? end - 2 * LOOK_BACK_MOST
                                                    : start + 2;
    for (size_t at = end; at >= least; at -= 2)
        if (!breaks_cluster(split, at))
            return at;
    return is_low(unit_at(split, end)) ? end - 2 : end;
}

/* An escape and the escaped: only an odd run of escapes in front leaves one open. */
static size_t cut_gsm(const struct smpp_split *split, size_t start, size_t end)
{
    size_t escapes = 0;
    while (end - escapes > start && split->octets[end - escapes - 1] == 0x1B)
        escapes++;
    return escapes % 2 == 1 ? end - 1 : end;
}

static size_t cut_before(const struct smpp_split *split, enum smpp_charset charset,
                         size_t start, size_t end)
{
    if (charset == SMPP_UCS2)
        return cut_ucs2(split, start, end);
    if (charset == SMPP_GSM7 || charset == SMPP_GSM7_PACKED)
        return cut_gsm(split, start, end);
    return end;
}

static bool cut_all(struct smpp_split *split, enum smpp_charset charset)
{
    for (size_t start = 0; start < split->size;) {
        size_t end = split->size;
        if (end - start > rooms[charset].part)
            end = cut_before(split, charset, start, start + rooms[charset].part);
        if (split->count == SMPP_PARTS_MOST)
            return false;
        split->parts[split->count++] = (struct smpp_part){ start, end - start };
        start = end;
    }
    return true;
}

bool smpp_split_text(enum smpp_charset charset, enum smpp_way way,
                     struct esim_bytes text, struct smpp_split *ret)
{
    struct smpp_out out = smpp_out_to(ret->octets, sizeof ret->octets);
    ret->count = 0;
    if (!smpp_encode(charset, text, &out))
        return false;
    ret->size = out.size;
    if (ret->size > rooms[charset].alone && way != SMPP_BY_PAYLOAD)
        return cut_all(ret, charset);
    ret->parts[0] = (struct smpp_part){ 0, ret->size };
    ret->count = 1;
    return true;
}

/* ---- headers ---- */

static void read_element(uint8_t id, struct smpp_in value, struct smpp_udh *ret)
{
    size_t size = smpp_in_left(&value);
    if (!(id == ELEMENT_REF8 && size == 3) && !(id == ELEMENT_REF16 && size == 4))
        return;
    uint16_t reference = size == 3 ? smpp_get_u8(&value) : smpp_get_u16(&value);
    uint8_t total = smpp_get_u8(&value), number = smpp_get_u8(&value);
    if (total == 0 || number == 0 || number > total)
        return; /* 9.2.3.24.1: such an element is to be ignored. */
    ret->reference = reference;
    ret->total = total;
    ret->number = number;
}

bool smpp_udh_read(struct esim_bytes text, struct smpp_udh *ret)
{
    struct smpp_in all = smpp_in_of(text);
    size_t length = smpp_get_u8(&all);
    struct smpp_in in = smpp_in_of(smpp_get_run(&all, length));
    *ret = (struct smpp_udh){ .size = length + 1 };
    while (!all.bad && !in.bad && smpp_in_left(&in) > 0) {
        uint8_t id = smpp_get_u8(&in);
        struct esim_bytes value = smpp_get_run(&in, smpp_get_u8(&in));
        if (!in.bad)
            read_element(id, smpp_in_of(value), ret);
    }
    return !all.bad && !in.bad;
}

void smpp_udh_write(struct smpp_out *out, uint8_t reference, uint8_t total,
                    uint8_t number)
{
    smpp_put_u8(out, UDH_SIZE - 1);
    smpp_put_u8(out, ELEMENT_REF8);
    smpp_put_u8(out, 3);
    smpp_put_u8(out, reference);
    smpp_put_u8(out, total);
    smpp_put_u8(out, number);
}

unsigned smpp_udh_fill_bits(size_t udh_size)
{
    return (unsigned)((7 - udh_size * 8 % 7) % 7);
}
