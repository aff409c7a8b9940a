/* page.h - lists in pages: limits, opaque cursors, Link.
 *
 * A cursor is base64url of "<number>:<text>" behind four bytes of its SHA-256: a
 * client cannot make one up by accident, and nothing in it is a secret or a right.
 *
 * Threads  The loop's. */
#ifndef API_PAGE_H
#define API_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/call.h"

/* Query parameters of every list. */
/* clang-format off */
#define PAGE_PARAMETERS \
    { "cursor", MEMBER_TEXT, .most = 400, .text = "Where the last page ended." }, \
    { "limit", MEMBER_INT, .least = 1, .most = 10000, .text = "Rows at most." }
/* clang-format on */

enum { PAGE_TEXT_SIZE = 64 };

struct page {
    int64_t limit;
    int64_t number;            /* 0 to begin. */
    char text[PAGE_TEXT_SIZE]; /* "" to begin. */
};

/* False: it is no cursor of ours. Fills number and text. Pure. */
bool page_cursor_read(const char *cursor, struct page *ret);

/* From ?cursor= and ?limit=. False: answered with 422. */
bool page_read(struct call *call, struct page *ret);

/* Answers {"items": [...], "next": cursor} and a Link to the next page. `page` (an object
 * that may hold more) and `items` are given; number and text are the last row's. */
void page_reply(struct call *call, json_t *page, json_t *items, bool more,
                int64_t number, const char *text);

#endif
