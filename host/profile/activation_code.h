/* activation_code.h - the text a device downloads a profile by (SGP.22 4.1).
 *
 *   1$<SM-DP+ address>$<matchingId>[$<SM-DP+ OID>][$<confirmation flag>]
 *
 * The code is a secret: whoever has it can take the profile. No error of this module
 * holds any part of it. The code has no place for a confirmation code, only a flag that
 * one will be asked for. "LPA:" stands in front in a QR code only.
 *
 * Pure. Threads: any. */
#ifndef PROFILE_ACTIVATION_CODE_H
#define PROFILE_ACTIVATION_CODE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

enum { ACTIVATION_CODE_SIZE = 256 }; /* 255 characters and the NUL. */

struct activation_code {
    char smdp_address[ACTIVATION_CODE_SIZE]; /* Host name, in the case it was given. */
    char matching_id[ACTIVATION_CODE_SIZE];  /* May be empty. Secret. */
    char smdp_oid[ACTIVATION_CODE_SIZE];     /* May be empty. */
    bool confirmation_required;
};

enum activation_code_case {
    ACTIVATION_CODE_ANY_CASE,  /* Lower-case letters in the matchingId pass. */
    ACTIVATION_CODE_UPPER_ONLY /* As the standard says. */
};

/* Reads a code, with or without "LPA:". What follows the confirmation flag is ignored,
 * as the standard wants for later versions. ERR_INVALID about `field`. */
bool activation_code_read(struct slice text, enum activation_code_case letters,
                          const char *field, struct activation_code *ret,
                          struct err *err);

/* Writes the canonical form, without "LPA:". The parts are checked as by the reader;
 * the error's field is the part's name below `field` ("/smdp_address"). */
bool activation_code_write(const struct activation_code *code,
                           enum activation_code_case letters, const char *field,
                           char ret[ACTIVATION_CODE_SIZE], struct err *err);

#endif
