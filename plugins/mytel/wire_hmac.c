#include "wire_hmac.h"

#include <string.h>

static void init_padded(struct mytel_sha256 *sha, const uint8_t *key, uint8_t pad)
{
    uint8_t block[SHA256_BLOCK_BYTES];
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = key[i] ^ pad;
    mytel_sha256_init(sha);
    mytel_sha256_add(sha, block, sizeof block);
    explicit_bzero(block, sizeof block);
}

void mytel_hmac_init(struct mytel_hmac *hmac, const void *key, size_t key_size)
{
    uint8_t block[SHA256_BLOCK_BYTES] = { 0 };
    if (key_size > sizeof block) {
        mytel_sha256_init(&hmac->inner);
        mytel_sha256_add(&hmac->inner, key, key_size);
        mytel_sha256_end(&hmac->inner, block);
    } else if (key_size > 0) {
        memcpy(block, key, key_size);
    }
    init_padded(&hmac->inner, block, 0x36);
    init_padded(&hmac->outer, block, 0x5C);
    explicit_bzero(block, sizeof block);
}

void mytel_hmac_add(struct mytel_hmac *hmac, const void *bytes, size_t size)
{
    mytel_sha256_add(&hmac->inner, bytes, size);
}

void mytel_hmac_end(struct mytel_hmac *hmac, uint8_t ret[SHA256_BYTES])
{
    uint8_t digest[SHA256_BYTES];
    mytel_sha256_end(&hmac->inner, digest);
    mytel_sha256_add(&hmac->outer, digest, sizeof digest);
    mytel_sha256_end(&hmac->outer, ret);
    explicit_bzero(hmac, sizeof *hmac);
}

bool mytel_hmac_equal(const uint8_t a[SHA256_BYTES], const uint8_t b[SHA256_BYTES])
{
    uint8_t difference = 0;
    for (size_t i = 0; i < SHA256_BYTES; i++)
        difference |= a[i] ^ b[i];
    return difference == 0;
}
