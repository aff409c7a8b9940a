/* key_text.h - what an API key looks like: esk_<prefix>_<secret><checksum>.
 *
 * The prefix (12 characters of base 62) names the key; the secret (32) proves it; the
 * checksum (6) tells a typo or a cut from a wrong key before anything is looked up, and
 * lets scanners of leaked secrets be sure.
 *
 * Threads  Any. */
#ifndef API_KEY_TEXT_H
#define API_KEY_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "crypto/digest.h"

enum { KEY_PREFIX_SIZE = 13, KEY_SECRET_LENGTH = 32, KEY_TEXT_SIZE = 64 };

/* A fresh key. */
void key_text_new(char ret[KEY_TEXT_SIZE]);

/* Splits and checks the form; ret_hash is the SHA-256 of the whole text. */
bool key_text_read(struct slice text, char ret_prefix[KEY_PREFIX_SIZE],
                   uint8_t ret_hash[DIGEST_SIZE]);

#endif
