/* activation.h - activation codes (SGP.22 4.1) and ICCIDs in a carrier's reply. */
#ifndef MPT_ACTIVATION_H
#define MPT_ACTIVATION_H

#include <stdbool.h>

#include "esim/abi.h"

enum { ICCID_SIZE = 21, ACTIVATION_SIZE = 256 };

struct activation {
    char code[ACTIVATION_SIZE]; /* "1$ADDRESS$MATCHING-ID...", without "LPA:". */
    char address[ACTIVATION_SIZE];
    char matching_id[ACTIVATION_SIZE];
};

/* Takes "LPA:1$..." and "1$..."; false when it is none. */
bool activation_read(struct esim_bytes text, struct activation *ret);

/* From its parts, as carriers send them apart. False when they can be none. */
bool activation_make(struct esim_bytes address, struct esim_bytes matching_id,
                     struct activation *ret);

/* 19 or 20 digits; a last F is dropped. */
bool iccid_read(struct esim_bytes text, char ret[ICCID_SIZE]);

#endif
