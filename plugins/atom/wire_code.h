/* wire_code.h - the activation code of SGP.22 4.1, built and checked.
 *
 *   1$<SM-DP+ address>$<matching id>[$<SM-DP+ OID>][$<confirmation flag>]
 *
 * The text is what a person types; only a QR code puts "LPA:" in front. It is a secret:
 * it goes into results and nowhere else. Memory is the step's. */
#ifndef ATOM_WIRE_CODE_H
#define ATOM_WIRE_CODE_H

#include <stdbool.h>

struct activation_code {
    const char *address;
    const char *matching_id; /* May be "" (Default SM-DP+). */
    const char *oid;         /* NULL or "": none. */
    bool needs_confirmation; /* The subscriber will be asked for a code. */
    bool upper_only;         /* Lower-case letters in the matching id are wrong. */
};

/* A host name of at least two labels; letters in any case, for DNS does not tell. */
bool activation_address_is_valid(const char *text);

/* Digits, letters and '-'; may be empty. */
bool activation_matching_id_is_valid(const char *text, bool upper_only);

/* Dotted decimal, two arcs or more. */
bool activation_oid_is_valid(const char *text);

/* NULL when a part is wrong or the whole would pass 255 characters. */
const char *activation_code_write(const struct activation_code *code);

/* Takes apart what activation_code_write or a carrier made; further parts after the
 * flag are ignored. False when it is not an activation code. */
bool activation_code_read(const char *text, bool upper_only,
                          struct activation_code *ret);

#endif
