/* wire_text.h - the alphabets of short messages, to and from UTF-8.
 *
 * GSM 7 bit (3GPP TS 23.038 6.2.1 and its extension 6.2.1.1) is one septet an octet, as
 * SMPP carries it; some carriers want it packed (6.1.2.1). UCS2 is big-endian and takes
 * surrogate pairs, as phones do; Burmese needs it. */
#ifndef MPT_WIRE_TEXT_H
#define MPT_WIRE_TEXT_H

#include "wire_bytes.h"

enum smpp_charset {
    SMPP_GSM7,
    SMPP_GSM7_PACKED,
    SMPP_ASCII,
    SMPP_LATIN1,
    SMPP_UCS2,
    SMPP_OCTETS, /* Not text. */
    SMPP_CHARSET_COUNT
};

const char *smpp_charset_name(enum smpp_charset charset); /* "gsm7" */
bool smpp_charset_read(const char *name, enum smpp_charset *ret);

/* What a carrier means by data_coding (5.2.19) 0, "SMSC default alphabet", and 1, "IA5":
 * some carry GSM 7 bit under 1. */
struct smpp_codings {
    enum smpp_charset zero, one;
};

/* data_coding that we send: the standard's own where this carrier reads it so, else 0 or
 * 1. And the alphabet of one that came. */
uint8_t smpp_coding_of(enum smpp_charset charset, const struct smpp_codings *codings);
enum smpp_charset smpp_charset_of(uint8_t data_coding,
                                  const struct smpp_codings *codings);

/* Strict UTF-8 (RFC 3629). The next character and its length; 0 when it is none. */
size_t smpp_utf8_next(struct esim_bytes text, uint32_t *ret);
void smpp_utf8_put(struct smpp_out *out, uint32_t character);

/* False: a character that this alphabet lacks, text that is not UTF-8, or no room.
 * SMPP_GSM7_PACKED gives septets that are still to be packed. */
bool smpp_encode(enum smpp_charset charset, struct esim_bytes text,
                 struct smpp_out *out);

/* What the bytes say, as UTF-8; U+FFFD for what cannot be. SMPP_GSM7_PACKED takes septets
 * that were unpacked. SMPP_OCTETS gives hexadecimal digits. False: no room. */
bool smpp_decode(enum smpp_charset charset, struct esim_bytes bytes,
                 struct smpp_out *out);

/* `fill_bits` (0 to 6) in front, so that septets begin at a septet behind a header. */
void smpp_pack(struct esim_bytes septets, unsigned fill_bits, struct smpp_out *out);
void smpp_unpack(struct esim_bytes octets, unsigned fill_bits, struct smpp_out *out);

#endif
