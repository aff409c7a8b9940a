#include "api/key_text.h"

#include <string.h>

#include "base/id.h"

enum {
    PREFIX_AT = 4, /* After "esk_". */
    PREFIX_LENGTH = KEY_PREFIX_SIZE - 1,
    SECRET_AT = PREFIX_AT + PREFIX_LENGTH + 1,
    CHECK_AT = SECRET_AT + KEY_SECRET_LENGTH,
    CHECK_LENGTH = 6, /* 62^6 > 2^32 */
    KEY_LENGTH = CHECK_AT + CHECK_LENGTH
};

static const char letters[] =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* CRC-32 of ISO 3309, bit by bit: 55 bytes need no table. */
static uint32_t crc32_of(const char *bytes, size_t size)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < size; i++) {
        crc ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
    }
    return ~crc;
}

static void write_check(const char *text, char ret[CHECK_LENGTH])
{
    uint32_t crc = crc32_of(text, CHECK_AT);
    for (int i = CHECK_LENGTH - 1; i >= 0; i--) {
        ret[i] = letters[crc % 62];
        crc /= 62;
    }
}

/* Bytes of 248 and more are thrown away, so that every letter is equally likely. */
static void write_letters(char *ret, size_t count)
{
    while (count > 0) {
        uint8_t byte;
        id_random(&byte, sizeof byte);
        if (byte >= 248)
            continue;
        *ret++ = letters[byte % 62];
        count--;
    }
}

void key_text_new(char ret[KEY_TEXT_SIZE])
{
    memset(ret, 0, KEY_TEXT_SIZE);
    memcpy(ret, "esk_", PREFIX_AT);
    write_letters(ret + PREFIX_AT, PREFIX_LENGTH);
    ret[SECRET_AT - 1] = '_';
    write_letters(ret + SECRET_AT, KEY_SECRET_LENGTH);
    write_check(ret, ret + CHECK_AT);
}

bool key_text_read(struct slice text, char ret_prefix[KEY_PREFIX_SIZE],
                   uint8_t ret_hash[DIGEST_SIZE])
{
    char check[CHECK_LENGTH];
    if (text.size != KEY_LENGTH || !slice_starts(text, "esk_") ||
        text.ptr[SECRET_AT - 1] != '_')
        return false;
    write_check(text.ptr, check);
    if (memcmp(check, text.ptr + CHECK_AT, CHECK_LENGTH) != 0)
        return false;
    memcpy(ret_prefix, text.ptr + PREFIX_AT, PREFIX_LENGTH);
    ret_prefix[PREFIX_LENGTH] = '\0';
    digest_sha256(text, ret_hash);
    return true;
}
