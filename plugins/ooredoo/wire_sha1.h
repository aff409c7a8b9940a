/* wire_sha1.h - SHA-1 (FIPS 180-4), for the password digest of WS-Security alone.
 *
 * The UsernameToken Profile 1.0 fixes SHA-1. It is broken for signatures and is used
 * for nothing else here. An adapter has no OpenSSL: linking libcrypto for one digest
 * would put 4 MB and its start-up (files, random numbers) into a locked cell. */
#ifndef OOREDOO_WIRE_SHA1_H
#define OOREDOO_WIRE_SHA1_H

#include <stddef.h>
#include <stdint.h>

enum { SHA1_SIZE = 20, SHA1_BLOCK = 64 };

struct sha1 {
    uint32_t state[5];
    uint64_t bytes; /* Taken so far. */
    uint8_t block[SHA1_BLOCK];
};

void sha1_init(struct sha1 *sha1);
void sha1_add(struct sha1 *sha1, const void *bytes, size_t size);
void sha1_finish(struct sha1 *sha1, uint8_t ret[SHA1_SIZE]);

#endif
