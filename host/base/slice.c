#include "base/slice.h"

#include <string.h>
#include <strings.h>

struct slice slice_of(const char *text)
{
    return (struct slice){ text, text == NULL ? 0 : strlen(text) };
}

struct slice slice_bytes(const void *bytes, size_t size)
{
    return (struct slice){ bytes, size };
}

bool slice_equal(struct slice a, struct slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.ptr, b.ptr, a.size) == 0);
}

bool slice_is(struct slice a, const char *text)
{
    return slice_equal(a, slice_of(text));
}

bool slice_is_nocase(struct slice a, const char *text)
{
    return a.size == strlen(text) &&
           (a.size == 0 || strncasecmp(a.ptr, text, a.size) == 0);
}

bool slice_starts(struct slice a, const char *prefix)
{
    size_t size = strlen(prefix);
    return a.size >= size && (size == 0 || memcmp(a.ptr, prefix, size) == 0);
}

struct slice slice_cut(struct slice *rest, char mark)
{
    const char *found = rest->size == 0 ? NULL : memchr(rest->ptr, mark, rest->size);
    if (found == NULL) {
        struct slice all = *rest;
        *rest = (struct slice){ NULL, 0 };
        return all;
    }
    struct slice head = { rest->ptr, (size_t)(found - rest->ptr) };
    *rest = (struct slice){ found + 1, rest->size - head.size - 1 };
    return head;
}

bool slice_copy(struct slice a, char *ret, size_t size)
{
    if (a.size >= size || (a.size > 0 && memchr(a.ptr, '\0', a.size) != NULL))
        return false;
    if (a.size > 0)
        memcpy(ret, a.ptr, a.size);
    ret[a.size] = '\0';
    return true;
}

bool slice_u64(struct slice a, uint64_t *ret)
{
    if (a.size == 0)
        return false;
    uint64_t number = 0;
    for (size_t i = 0; i < a.size; i++) {
        if (a.ptr[i] < '0' || a.ptr[i] > '9')
            return false;
        if (__builtin_mul_overflow(number, 10u, &number) ||
            __builtin_add_overflow(number, (uint64_t)(a.ptr[i] - '0'), &number))
            return false;
    }
    *ret = number;
    return true;
}
