/* wire_hmac.h - HMAC-SHA-256 (RFC 2104), which proves that a side knows the secret.
 *
 * Pure. What lies on the stack meanwhile is made zero afterwards. */
#ifndef MYTEL_WIRE_HMAC_H
#define MYTEL_WIRE_HMAC_H

#include <stdbool.h>

#include "wire_sha256.h"

struct mytel_hmac {
    struct mytel_sha256 inner, outer;
};

void mytel_hmac_init(struct mytel_hmac *hmac, const void *key, size_t key_size);
void mytel_hmac_add(struct mytel_hmac *hmac, const void *bytes, size_t size);
void mytel_hmac_end(struct mytel_hmac *hmac, uint8_t ret[SHA256_BYTES]);

/* Takes the same time wherever the first difference is. */
bool mytel_hmac_equal(const uint8_t a[SHA256_BYTES], const uint8_t b[SHA256_BYTES]);

#endif
