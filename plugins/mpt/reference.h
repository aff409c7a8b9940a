/* reference.h - the name that an operation has in its messages.
 *
 * It is made of the operation's id, so that it is the same after any restart, and ends
 * in a check character, so that it is found in a reply's free text. It is also the key
 * under which the operation waits, and its last 16 bits are the TLV
 * user_message_reference. Letters are Crockford's base 32: no I, L, O, U. */
#ifndef MPT_REFERENCE_H
#define MPT_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "esim/abi.h"

enum { REFERENCE_SIZE = 16 };

enum reference_form {
    REFERENCE_LETTERS, /* Eight and a check character: 40 bits of the operation's id. */
    REFERENCE_DIGITS /* Eleven and a check digit, for carriers that read digits only. */
};
bool reference_form_read(const char *name, enum reference_form *ret);

struct reference {
    char text[REFERENCE_SIZE];
    uint16_t number;
};

void reference_of(struct esim_bytes operation, enum reference_form form,
                  struct reference *ret);

/* Whether these bytes are one, in either case; its proper spelling in `ret_text`. */
bool reference_read(struct esim_bytes word, enum reference_form form,
                    char ret_text[REFERENCE_SIZE]);

/* The first word of a text that is one. Words end at what is no letter or digit. */
bool reference_find(struct esim_bytes text, enum reference_form form,
                    char ret_text[REFERENCE_SIZE]);

#endif
