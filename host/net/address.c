#include "net/address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct range {
    uint8_t prefix[16];
    unsigned bits;
};

/* clang-format off */
static const struct range v4_ranges[] = {
    { { 0 }, 8 },             { { 10 }, 8 },            { { 100, 64 }, 10 },
    { { 127 }, 8 },           { { 169, 254 }, 16 },     { { 172, 16 }, 12 },
    { { 192, 0, 0 }, 24 },    { { 192, 0, 2 }, 24 },    { { 192, 88, 99 }, 24 },
    { { 192, 168 }, 16 },     { { 198, 18 }, 15 },      { { 198, 51, 100 }, 24 },
    { { 203, 0, 113 }, 24 },  { { 224 }, 4 },           { { 240 }, 4 },
};
/* Of IPv6 only 2000::/3 is handed out, so the rest needs no rows. */
static const struct range v6_global = { { 0x20 }, 3 };
static const struct range v6_ranges[] = {
    { { 0x20, 0x01, 0x00 }, 23 },             /* Protocol assignments, Teredo. */
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32 },       /* Documentation. */
    { { 0x3f, 0xff, 0x00 }, 20 },             /* Documentation, RFC 9637. */
};
/* IPv6 forms that carry an IPv4 address, and where. */
static const struct { struct range range; size_t at; } v6_wraps[] = {
    { { { [10] = 0xff, [11] = 0xff }, 96 }, 12 },                 /* ::ffff:0:0/96 */
    { { { 0x00, 0x64, 0xff, 0x9b }, 96 }, 12 },                   /* NAT64, RFC 6052 */
    { { { 0x20, 0x02 }, 16 }, 2 },                                /* 6to4 */
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static bool is_in(const uint8_t *address, const struct range *range)
{
    unsigned bytes = range->bits / 8, bits = range->bits % 8;
    if (memcmp(address, range->prefix, bytes) != 0)
        return false;
    uint8_t mask = (uint8_t)(0xff00u >> bits);
    return bits == 0 || (address[bytes] & mask) == (range->prefix[bytes] & mask);
}

static bool is_in_any(const uint8_t *address, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_in(address, &ranges[i]))
            return true;
    return false;
}

static bool v4_is_public(const uint8_t *address)
{
    return !is_in_any(address, v4_ranges, COUNT(v4_ranges));
}

static bool v6_is_public(const uint8_t *address)
{
    for (size_t i = 0; i < COUNT(v6_wraps); i++)
        if (is_in(address, &v6_wraps[i].range))
            return v4_is_public(address + v6_wraps[i].at);
    return is_in(address, &v6_global) &&
           !is_in_any(address, v6_ranges, COUNT(v6_ranges));
}

bool address_is_public(const struct sockaddr *address)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
    switch (address->sa_family) {
    case AF_INET:
        return v4_is_public((const uint8_t *)&v4->sin_addr);
    case AF_INET6:
        return v6_is_public(v6->sin6_addr.s6_addr);
    default:
        return false;
    }
}
