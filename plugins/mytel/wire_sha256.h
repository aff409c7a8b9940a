/* wire_sha256.h - SHA-256 (FIPS 180-4), for wire_hmac: an adapter has no crypto library.
 *
 * Pure. It hashes a few hundred bytes of a login; it is not made for files. */
#ifndef MYTEL_WIRE_SHA256_H
#define MYTEL_WIRE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_BLOCK_BYTES = 64 };

struct mytel_sha256 {
    uint32_t hash[8];
    uint64_t size; /* Bytes so far. */
    uint8_t block[SHA256_BLOCK_BYTES];
};

void mytel_sha256_init(struct mytel_sha256 *sha);
void mytel_sha256_add(struct mytel_sha256 *sha, const void *bytes, size_t size);
void mytel_sha256_end(struct mytel_sha256 *sha, uint8_t ret[SHA256_BYTES]);

#endif
