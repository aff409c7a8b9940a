/* slice.h - a borrowed run of bytes, and the few questions asked of it.
 *
 * A slice never owns. It lives as long as what it points into. A slice of text need not
 * end in NUL. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
    const char *ptr; /* May be NULL when size is 0. */
    size_t size;     /* In bytes. */
};

#define SLICE_LITERAL(text) ((struct slice){ (text), sizeof(text) - 1 })

struct slice slice_of(const char *text); /* NULL gives the empty slice. */
struct slice slice_bytes(const void *bytes, size_t size);
bool slice_equal(struct slice a, struct slice b);
bool slice_is(struct slice a, const char *text);
bool slice_is_nocase(struct slice a, const char *text); /* ASCII letters only. */
bool slice_starts(struct slice a, const char *prefix);

/* Cuts at the first `mark`: the head is returned, `*rest` becomes what follows the mark
 * (empty when there is none). */
struct slice slice_cut(struct slice *rest, char mark);

/* Copies into `ret` with a final NUL. False when it does not fit or holds a NUL. */
bool slice_copy(struct slice a, char *ret, size_t size);

/* A whole decimal number and nothing else, without sign. False on overflow. */
bool slice_u64(struct slice a, uint64_t *ret);

#endif
