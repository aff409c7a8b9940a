/* Names a to h, schedule and rounds are those of FIPS 180-4 6.2.2. */
#include "wire_sha256.h"

#include <string.h>

#include "wire_bytes.h"

enum { ROUNDS = 64, LENGTH_BYTES = 8 };

/* FIPS 180-4 4.2.2 */
static const uint32_t constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
    0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
    0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
    0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
    0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
    0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
    0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2,
};

static uint32_t turned(uint32_t word, unsigned bits)
{
    return word >> bits | word << (32 - bits);
}

static void schedule(const uint8_t *block, uint32_t words[ROUNDS])
{
    for (size_t i = 0; i < 16; i++)
        words[i] = (uint32_t)be_get(block + 4 * i, 4);
    for (size_t i = 16; i < ROUNDS; i++) {
        uint32_t w15 = words[i - 15], w2 = words[i - 2];
        uint32_t sigma0 = turned(w15, 7) ^ turned(w15, 18) ^ w15 >> 3;
        uint32_t sigma1 = turned(w2, 17) ^ turned(w2, 19) ^ w2 >> 10;
        words[i] = words[i - 16] + sigma0 + words[i - 7] + sigma1;
    }
}

static void take_block(struct mytel_sha256 *sha, const uint8_t *block)
{
    uint32_t words[ROUNDS];
    uint32_t v[8]; /* a to h */
    schedule(block, words);
    memcpy(v, sha->hash, sizeof v);
    for (size_t i = 0; i < ROUNDS; i++) {
        uint32_t sum1 = turned(v[4], 6) ^ turned(v[4], 11) ^ turned(v[4], 25);
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t first = v[7] + sum1 + choice + constants[i] + words[i];
        uint32_t sum0 = turned(v[0], 2) ^ turned(v[0], 13) ^ turned(v[0], 22);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += first;
        v[0] = first + sum0 + majority;
    }
    for (size_t i = 0; i < 8; i++)
        sha->hash[i] += v[i];
}

/* FIPS 180-4 5.3.3 */
void mytel_sha256_init(struct mytel_sha256 *sha)
{
    *sha = (struct mytel_sha256){
        .hash = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                  0x9b05688c, 0x1f83d9ab, 0x5be0cd19 },
    };
}

void mytel_sha256_add(struct mytel_sha256 *sha, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++) {
        sha->block[sha->size++ % SHA256_BLOCK_BYTES] = at[i];
        if (sha->size % SHA256_BLOCK_BYTES == 0)
            take_block(sha, sha->block);
    }
}

void mytel_sha256_end(struct mytel_sha256 *sha, uint8_t ret[SHA256_BYTES])
{
    static const uint8_t one_bit = 0x80, zero = 0;
    uint8_t length[LENGTH_BYTES];
    be_put(length, sha->size * 8, sizeof length);
    mytel_sha256_add(sha, &one_bit, 1);
    while (sha->size % SHA256_BLOCK_BYTES != SHA256_BLOCK_BYTES - LENGTH_BYTES)
        mytel_sha256_add(sha, &zero, 1);
    mytel_sha256_add(sha, length, sizeof length);
    for (size_t i = 0; i < 8; i++)
        be_put(ret + 4 * i, sha->hash[i], 4);
}
