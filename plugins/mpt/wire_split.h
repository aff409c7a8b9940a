/* wire_split.h - long messages: cut into parts, and what a part's header says.
 *
 * A part never ends inside a surrogate pair or behind a GSM escape (the phone would show
 * two broken characters), and where a few units less will do, not inside a Burmese
 * syllable either. */
#ifndef MPT_WIRE_SPLIT_H
#define MPT_WIRE_SPLIT_H

#include "wire_text.h"

enum { SMPP_PARTS_MOST = 8, SMPP_TEXT_MOST = 2048 }; /* Octets before packing. */

enum smpp_way {
    SMPP_BY_UDH,     /* Header 05 00 03 ref total number inside the text. */
    SMPP_BY_SAR,     /* The three sar_ TLVs. */
    SMPP_BY_PAYLOAD, /* message_payload: the carrier cuts. */
    SMPP_WAY_COUNT
};
const char *smpp_way_name(enum smpp_way way); /* "udh" */
bool smpp_way_read(const char *name, enum smpp_way *ret);

struct smpp_part {
    size_t start, size; /* In the octets of smpp_split. */
};

struct smpp_split {
    uint8_t octets[SMPP_TEXT_MOST]; /* Encoded; GSM-7 not packed. */
    size_t size;
    struct smpp_part parts[SMPP_PARTS_MOST];
    size_t count; /* 1 when it fits without parts. */
};

/* False: characters that the alphabet lacks, or more than SMPP_PARTS_MOST parts (in one,
 * by payload: more than SMPP_TEXT_MOST). */
bool smpp_split_text(enum smpp_charset charset, enum smpp_way way,
                     struct esim_bytes text, struct smpp_split *ret);

/* A user data header (3GPP TS 23.040 9.2.3.24) in front of a text. */
struct smpp_udh {
    size_t size;        /* All of it, the length octet too. */
    uint16_t reference; /* With total 0: it is no part of a longer message. */
    uint8_t total, number;
};
/* False: it is longer than the text, or an element is cut off. */
bool smpp_udh_read(struct esim_bytes text, struct smpp_udh *ret);
void smpp_udh_write(struct smpp_out *out, uint8_t reference, uint8_t total,
                    uint8_t number);
unsigned smpp_udh_fill_bits(size_t udh_size);

#endif
