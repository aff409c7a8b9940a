/* wire_text.h - XML text that is written piece by piece.
 *
 * Open, put, close. A failure is kept and told by text_close, so the pieces in between
 * need no check. Foreign values go in through text_put_value alone, which escapes them:
 * a value can never become markup. */
#ifndef OOREDOO_WIRE_TEXT_H
#define OOREDOO_WIRE_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "esim/abi.h"

struct text {
    FILE *file; /* NULL: memory was short. */
    char *ptr;
    size_t size;
};

void text_open(struct text *text);
/* Markup of our own, as it is. */
void text_put(struct text *text, const char *markup);
void text_put_bytes(struct text *text, const char *ptr, size_t size);
/* A value for element content or for an attribute in either quote. */
void text_put_value(struct text *text, const char *value);
/* Frees what open took. False when memory was short; else the text, in the step's
 * memory. */
bool text_close(struct text *text, struct esim_bytes *ret);

/* Whether a value can stand in an XML 1.0 document at all (XML 1.0 2.2): proper UTF-8
 * without control characters other than tab, LF, CR, and without U+FFFE, U+FFFF. */
bool text_is_xml(const char *value);

#endif
