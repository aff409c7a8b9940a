#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "manifest/manifest.h"

enum { HOST_MAX = 254 };

/* --- hosts --- */

/* Lower case, without brackets and one final dot. False: not a host at all. */
static bool plain_host(const char *host, char ret[HOST_MAX + 1])
{
    struct slice text = slice_of(host);
    if (text.size > 2 && text.ptr[0] == '[' && text.ptr[text.size - 1] == ']')
        text = slice_bytes(text.ptr + 1, text.size - 2);
    else if (text.size > 1 && text.ptr[text.size - 1] == '.')
        text.size--;
    if (text.size == 0 || !slice_copy(text, ret, HOST_MAX + 1))
        return false;
    for (char *c = ret; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return strspn(ret, "abcdefghijklmnopqrstuvwxyz0123456789.-_:") == text.size;
}

/* The family of a numeric address, or 0. */
static int address_of(const char *host, uint8_t ret[16])
{
    memset(ret, 0, 16);
    if (inet_pton(AF_INET, host, ret) == 1)
        return AF_INET;
    return inet_pton(AF_INET6, host, ret) == 1 ? AF_INET6 : 0;
}

static bool host_matches(const char *pattern, const char *host)
{
    uint8_t wanted[16], found[16];
    int family = address_of(pattern, wanted);
    if (family != 0)
        return address_of(host, found) == family && memcmp(wanted, found, 16) == 0;
    if (strncmp(pattern, "*.", 2) != 0)
        return strcmp(pattern, host) == 0;
    const char *dot = strchr(host, '.');
    return dot != NULL && dot != host && strcmp(dot, pattern + 1) == 0;
}

static bool host_is_allowed(const struct manifest_endpoint *endpoint, const char *host)
{
    char plain[HOST_MAX + 1];
    if (!plain_host(host, plain))
        return false;
    for (unsigned i = 0; i < endpoint->hosts_count; i++)
        if (host_matches(endpoint->hosts[i], plain))
            return true;
    return false;
}

/* --- paths --- */

static int hex_value(char c)
{
    const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* Not: what is no escape, and what another server may decode into structure. Non-ASCII
 * bytes are among it: overlong UTF-8 (%c0%ae) was read as a dot before. */
static bool escape_is_safe(const char *at)
{
    int high = hex_value(at[1]);
    int low = high < 0 ? -1 : hex_value(at[2]);
    if (low < 0)
        return false;
    int byte = high << 4 | low;
    return byte > ' ' && byte < 0x7f && strchr("./\\%;?#", byte) == NULL;
}

/* "." and "..", also with path parameters behind ("..;x"), and the empty one. */
static bool segment_is_safe(struct slice segment, bool last)
{
    struct slice name = slice_cut(&segment, ';');
    if (name.size == 0)
        return last && segment.ptr == NULL;
    return !slice_is(name, ".") && !slice_is(name, "..");
}

static bool path_is_safe(struct slice path)
{
    for (size_t i = 0; i < path.size; i++) {
        char c = path.ptr[i];
        if (c <= ' ' || c > '~' || strchr("\\#\"<>^`{|}", c) != NULL)
            return false;
        if (c == '%' && !escape_is_safe(path.ptr + i))
            return false;
    }
    struct slice rest = path;
    slice_cut(&rest, '/');
    for (bool more = rest.ptr != NULL; more;) {
        struct slice segment = slice_cut(&rest, '/');
        more = rest.ptr != NULL;
        if (!segment_is_safe(segment, !more))
            return false;
    }
    return true;
}

/* "/a" allows "/a" and "/a/b", not "/ab". */
static bool path_begins(struct slice path, const char *prefix)
{
    size_t size = strlen(prefix);
    return slice_starts(path, prefix) &&
           (prefix[size - 1] == '/' || path.size == size || path.ptr[size] == '/');
}

static bool deny_path(const struct manifest_endpoint *endpoint, struct slice path,
                      const char *why, struct err *err)
{
    int shown = path.size < 80 ? (int)path.size : 80;
    return err_set(err, ERR_DENIED, "endpoint %s: expected a path %s%s, found \"%.*s\"",
                   endpoint->name, why, endpoint->path_prefix, shown, path.ptr);
}

bool manifest_allows(const struct manifest_endpoint *endpoint, const char *scheme,
                     const char *host, uint16_t port, const char *path, struct err *err)
{
    assert(endpoint != NULL && scheme != NULL && host != NULL && path != NULL);
    struct slice rest = slice_of(path), bare = slice_cut(&rest, '?');
    if (strcasecmp(endpoint->scheme, scheme) != 0)
        return err_set(err, ERR_DENIED,
                       "endpoint %s: expected the scheme %s, found %.16s",
                       endpoint->name, endpoint->scheme, scheme);
    if (!host_is_allowed(endpoint, host))
        return err_set(err, ERR_DENIED,
                       "endpoint %s: expected a host of its manifest (%s%s), found "
                       "%.200s",
                       endpoint->name, endpoint->hosts[0],
                       endpoint->hosts_count > 1 ? ", ..." : "", host);
    if (port < endpoint->port_least || port > endpoint->port_most)
        return err_set(err, ERR_DENIED,
                       "endpoint %s: expected a port from %u to %u, found %u",
                       endpoint->name, endpoint->port_least, endpoint->port_most, port);
    if (!path_is_safe(bare))
        return deny_path(endpoint, bare,
                         "without tricks (dot or empty segments, escapes of "
                         "structure) below ",
                         err);
    return path_begins(bare, endpoint->path_prefix) ||
           deny_path(endpoint, bare, "below ", err);
}
