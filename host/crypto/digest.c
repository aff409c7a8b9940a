#include "crypto/digest.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Fetched once: EVP_sha256() would look the algorithm up at every call. */
static EVP_MD *sha256;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

static void fetch_sha256(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    memory_need(sha256 != NULL);
}

static const EVP_MD *sha256_algorithm(void)
{
    int failed = pthread_once(&sha256_once, fetch_sha256);
    assert(failed == 0);
    return sha256;
}

/* It fails for want of memory only, and then has no honest answer. */
void digest_sha256(struct slice bytes, uint8_t ret[DIGEST_SIZE])
{
    unsigned size = 0;
    memory_need(
        EVP_Digest(bytes.ptr, bytes.size, ret, &size, sha256_algorithm(), NULL) == 1 &&
        size == DIGEST_SIZE);
}

void digest_sha256_text(struct slice bytes, char ret[DIGEST_TEXT_SIZE])
{
    uint8_t digest[DIGEST_SIZE];
    digest_sha256(bytes, digest);
    hex_text(digest, sizeof digest, ret);
}

static void add_piece(EVP_MD_CTX *context, struct slice piece)
{
    uint8_t length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)((uint64_t)piece.size >> (56 - 8 * i));
    memory_need(EVP_DigestUpdate(context, length, sizeof length) == 1 &&
                EVP_DigestUpdate(context, piece.ptr, piece.size) == 1);
}

void digest_pieces(const struct slice *pieces, size_t count, uint8_t ret[DIGEST_SIZE])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    memory_need(context != NULL &&
                EVP_DigestInit_ex(context, sha256_algorithm(), NULL) == 1);
    for (size_t i = 0; i < count; i++)
        add_piece(context, pieces[i]);
    memory_need(EVP_DigestFinal_ex(context, ret, NULL) == 1);
    EVP_MD_CTX_free(context);
}

void digest_hmac_sha256(struct slice key, struct slice bytes, uint8_t ret[DIGEST_SIZE])
{
    assert(key.size <= INT32_MAX);
    unsigned size = 0;
    const void *key_bytes = key.ptr != NULL ? key.ptr : "";
    const void *done = HMAC(sha256_algorithm(), key_bytes, (int)key.size,
                            (const uint8_t *)bytes.ptr, bytes.size, ret, &size);
    memory_need(done != NULL && size == DIGEST_SIZE);
}

bool digest_equal(const void *a, const void *b, size_t size)
{
    return CRYPTO_memcmp(a, b, size) == 0;
}

void hex_text(const uint8_t *bytes, size_t size, char *ret)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        ret[2 * i] = digits[bytes[i] >> 4];
        ret[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret[2 * size] = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool hex_read(struct slice text, uint8_t *ret, size_t size)
{
    if (text.size % 2 != 0 || text.size / 2 != size)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (hex_digit(text.ptr[i]) < 0)
            return false;
    for (size_t i = 0; i < size; i++)
        ret[i] = (uint8_t)(hex_digit(text.ptr[2 * i]) << 4 |
                           hex_digit(text.ptr[2 * i + 1]));
    return true;
}

/* In pieces that need no padding but the last, since OpenSSL's lengths are ints. */
enum { PIECE_BYTES = 3 * 1024, PIECE_CHARS = 4 * 1024 };

void base64_write(struct slice bytes, struct buf *ret)
{
    unsigned char chars[PIECE_CHARS + 1];
    for (size_t at = 0; at < bytes.size; at += PIECE_BYTES) {
        size_t left = bytes.size - at;
        int length = EVP_EncodeBlock(chars, (const unsigned char *)bytes.ptr + at,
                                     left < PIECE_BYTES ? (int)left : PIECE_BYTES);
        buf_add(ret, chars, (size_t)length);
    }
    OPENSSL_cleanse(chars, sizeof chars);
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters to three bytes. OpenSSL's decoder takes white space and spare bits, so
 * that one value has many texts; here it has one. */
static bool read_group(const char *text, size_t padding, struct buf *ret)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i < 4 - padding ? base64_value(text[i]) : text[i] == '=' ? 0 : -1;
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
    }
    if ((bits & ((1u << (8 * padding)) - 1)) != 0)
        return false;
    uint8_t bytes[3] = { (uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits };
    buf_add(ret, bytes, 3 - padding);
    return buf_ok(ret);
}

bool base64_read(struct slice text, struct buf *ret)
{
    if (text.size % 4 != 0)
        return false;
    for (size_t at = 0; at < text.size; at += 4) {
        const char *group = text.ptr + at;
        bool last = at + 4 == text.size;
        size_t padding = !last || group[3] != '=' ? 0 : group[2] == '=' ? 2 : 1;
        if (!read_group(group, padding, ret))
            return false;
    }
    return true;
}
