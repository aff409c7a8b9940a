/* id.h - names for things: UUID version 7 (RFC 9562 5.7), so that newer sorts later.
 *
 * Threads  Any. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stddef.h>

enum { ID_SIZE = 37 }; /* 36 characters and the NUL. */

void id_new(char ret[ID_SIZE]);

/* True for the 36-character lower-case form of any UUID. */
bool id_is_valid(const char *text);

/* Fills with bytes from the system's generator; ends the process when there are none. */
void id_random(void *ret, size_t size);

#endif
