/* fields.h - reading values of the ABI out of a payload, each with its rule.
 *
 * A taker reads like wire.h and checks; the first broken rule is kept with its words,
 * and everything after it reads as empty. So a decoder takes field after field and asks
 * once at the end. */
#ifndef CELL_FIELDS_H
#define CELL_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "cell/wire.h"
#include "esim/flow.h"

struct taker {
    struct wire_reader reader;
    struct arena *arena; /* For lists; NULL where there are none. */
    struct err *err;
    bool broken;
};

struct taker taker_of(struct slice payload, struct arena *arena, struct err *err);

/* True when all was read and no rule was broken; else `err` says what. */
bool taker_done(struct taker *taker);

/* Records the first broken rule. Always false. */
bool taker_break(struct taker *taker, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

int32_t take_number(struct taker *taker, const char *name, int32_t least, int32_t most);
int64_t take_i64(struct taker *taker, const char *name, int64_t least);

/* Any bytes, at most `most`. */
struct esim_bytes take_bytes(struct taker *taker, const char *name, size_t most);

/* What text may hold, besides being UTF-8. */
enum text_rule {
    TEXT_WORDS, /* No control characters: it goes into logs and onto terminals. */
    TEXT_NAME,  /* Lower-case letters, digits, "_", "-", ".": a stable name. */
    TEXT_LABEL, /* As TEXT_NAME, and upper case: a protocol's own name of a function. */
    TEXT_PATH,  /* "/" and visible ASCII. */
    TEXT_TOKEN  /* RFC 9110 5.6.2. */
};
struct esim_bytes take_text(struct taker *taker, const char *name, enum text_rule rule,
                            size_t least, size_t most);

enum { HEADERS_MAX = 128, HEADER_BYTES_MAX = 16384 };
const struct esim_header *take_headers(struct taker *taker, uint64_t *ret_count);

/* An array of `count` zeroed elements; NULL, and broken, when there is no memory. */
void *take_room(struct taker *taker, uint32_t count, size_t element_bytes);

/* The writing side. */
void put_bytes(struct buf *ret, struct esim_bytes bytes);
void put_i64(struct buf *ret, int64_t number);
void put_headers(struct buf *ret, const struct esim_header *headers, uint64_t count);

#endif
