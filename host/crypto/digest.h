/* digest.h - SHA-256, HMAC-SHA-256 and text forms of bytes (OpenSSL).
 *
 * Threads  Any. */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum { DIGEST_SIZE = 32, DIGEST_TEXT_SIZE = 65 };

void digest_sha256(struct slice bytes, uint8_t ret[DIGEST_SIZE]);

/* The digest as 64 lower-case hex digits and a NUL. */
void digest_sha256_text(struct slice bytes, char ret[DIGEST_TEXT_SIZE]);

/* Several pieces, each preceded by its length (so that moving a byte across a border
 * changes the digest). For audit chains. */
void digest_pieces(const struct slice *pieces, size_t count, uint8_t ret[DIGEST_SIZE]);

void digest_hmac_sha256(struct slice key, struct slice bytes, uint8_t ret[DIGEST_SIZE]);

/* Equal without telling by time where they differ. */
bool digest_equal(const void *a, const void *b, size_t size);

void hex_text(const uint8_t *bytes, size_t size, char *ret); /* 2 * size + 1. */
bool hex_read(struct slice text, uint8_t *ret, size_t size); /* Exactly size bytes. */

/* Standard base64 with padding (RFC 4648 4). Reading refuses white space, missing
 * padding and non-zero spare bits. */
void base64_write(struct slice bytes, struct buf *ret);
bool base64_read(struct slice text, struct buf *ret);

#endif
