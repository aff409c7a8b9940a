#include "wire_sha1.h"

#include <string.h>

enum { ROUNDS = 80, LENGTH_AT = SHA1_BLOCK - 8 };

static uint32_t turn(uint32_t word, unsigned bits)
{
    return word << bits | word >> (32 - bits);
}

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
           (uint32_t)bytes[2] << 8 | bytes[3];
}

/* FIPS 180-4 4.1.1 and 4.2.1: function and constant of round t. */
static uint32_t mixed(unsigned t, uint32_t b, uint32_t c, uint32_t d)
{
    if (t < 20)
        return ((b & c) ^ (~b & d)) + 0x5a827999;
    if (t < 40)
        return (b ^ c ^ d) + 0x6ed9eba1;
    if (t < 60)
        return ((b & c) ^ (b & d) ^ (c & d)) + 0x8f1bbcdc;
    return (b ^ c ^ d) + 0xca62c1d6;
}

static void take_block(struct sha1 *sha1)
{
    uint32_t w[ROUNDS];
    for (unsigned t = 0; t < 16; t++)
        w[t] = big_endian(sha1->block + 4 * t);
    for (unsigned t = 16; t < ROUNDS; t++)
        w[t] = turn(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    uint32_t a = sha1->state[0], b = sha1->state[1], c = sha1->state[2];
    uint32_t d = sha1->state[3], e = sha1->state[4];
    for (unsigned t = 0; t < ROUNDS; t++) {
        uint32_t next = turn(a, 5) + mixed(t, b, c, d) + e + w[t];
        e = d;
        d = c;
        c = turn(b, 30);
        b = a;
        a = next;
    }
    sha1->state[0] += a;
    sha1->state[1] += b;
    sha1->state[2] += c;
    sha1->state[3] += d;
    sha1->state[4] += e;
}

void sha1_init(struct sha1 *sha1)
{
    *sha1 = (struct sha1){ .state = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
                                      0xc3d2e1f0 } };
}

void sha1_add(struct sha1 *sha1, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    for (size_t i = 0; i < size; i++) {
        sha1->block[sha1->bytes++ % SHA1_BLOCK] = from[i];
        if (sha1->bytes % SHA1_BLOCK == 0)
            take_block(sha1);
    }
}

void sha1_finish(struct sha1 *sha1, uint8_t ret[SHA1_SIZE])
{
    static const uint8_t mark = 0x80, zero = 0;
    uint64_t bits = sha1->bytes * 8;
    sha1_add(sha1, &mark, 1);
    while (sha1->bytes % SHA1_BLOCK != LENGTH_AT)
        sha1_add(sha1, &zero, 1);
    for (unsigned i = 0; i < 8; i++) {
        uint8_t byte = (uint8_t)(bits >> (56 - 8 * i));
        sha1_add(sha1, &byte, 1);
    }
    for (unsigned i = 0; i < SHA1_SIZE; i++)
        ret[i] = (uint8_t)(sha1->state[i / 4] >> (24 - 8 * (i % 4)));
    explicit_bzero(sha1, sizeof *sha1);
}
