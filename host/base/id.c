#include "base/id.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

enum { POOL_BYTES = 512, RANDOM_BYTES = 10 };

static _Thread_local unsigned char pool[POOL_BYTES];
static _Thread_local size_t pool_left;

void id_random(void *ret, size_t size)
{
    unsigned char *at = ret;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            abort(); /* Without randomness no id and no key is safe. */
        at += got;
        size -= (size_t)got;
    }
}

/* One system call serves 51 ids: they are made for every order, step and record. */
static void random_from_pool(unsigned char ret[RANDOM_BYTES])
{
    if (pool_left < RANDOM_BYTES) {
        id_random(pool, sizeof pool);
        pool_left = sizeof pool;
    }
    pool_left -= RANDOM_BYTES;
    memcpy(ret, pool + pool_left, RANDOM_BYTES);
}

void id_new(char ret[ID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[16];
    uint64_t now_ms = (uint64_t)clock_wall_ms();
    for (int i = 0; i < 6; i++)
        bytes[i] = (unsigned char)(now_ms >> (40 - 8 * i));
    random_from_pool(bytes + 6);
    bytes[6] = (unsigned char)(0x70 | (bytes[6] & 0x0f));
    bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3f));
    char *at = ret;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    *at = '\0';
}

bool id_is_valid(const char *text)
{
    if (strlen(text) != ID_SIZE - 1)
        return false;
    for (int i = 0; i < ID_SIZE - 1; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : strchr("0123456789abcdef", text[i]) == NULL)
            return false;
    }
    return true;
}
