/* wire_tlv.h - lists of values (PROTOCOL.md 3): tag, length, value.
 *
 * Pure, and without memory of its own: a list read is a borrowed run of bytes, a list
 * written goes into the caller's. Look at a whole body with mytel_tlv_check first; the
 * readers below trust what it has found sound. */
#ifndef MYTEL_WIRE_TLV_H
#define MYTEL_WIRE_TLV_H

#include "wire_tags.h"

enum { TLV_HEAD_BYTES = 4, TLV_DEPTH_MOST = 4 };

/* A list of values, or a value: borrowed. `ptr` may be NULL when `size` is 0. */
struct tlv_list {
    const uint8_t *ptr;
    size_t size;
};

enum tlv_fault {
    TLV_SOUND,
    TLV_MALFORMED,        /* Cut short, too deep, a wrong length, a tag twice. */
    TLV_UNKNOWN_CRITICAL, /* Not known, and it must be. */
    TLV_BAD_VALUE         /* A number, text or state outside of the table. */
};

/* Looks at a list and at all containers of known tags inside it. `ret_tag` is the tag at
 * fault; untouched when there is none. */
enum tlv_fault mytel_tlv_check(struct tlv_list list, uint16_t *ret_tag);

/* The same without a look into the containers: whoever opens one checks it. */
enum tlv_fault mytel_tlv_check_top(struct tlv_list list, uint16_t *ret_tag);

/* Takes the first value off the list: its tag without the critical bit, and its bytes.
 * False at the end, and where the list is not sound. */
bool mytel_tlv_next(struct tlv_list *list, uint16_t *ret_tag, struct tlv_list *ret);

/* The value of the first such tag. False when there is none. */
bool mytel_tlv_find(struct tlv_list list, uint16_t tag, struct tlv_list *ret);

/* The number or time of a tag. False when there is none. */
bool mytel_tlv_number(struct tlv_list list, uint16_t tag, uint64_t *ret);

/* ---- writing ---- */

struct tlv_out {
    uint8_t *bytes; /* The caller's. */
    size_t size, room;
    bool full; /* Something did not fit, or broke its row: nothing may be sent. */
};

void mytel_tlv_put(struct tlv_out *out, uint16_t tag, const void *bytes, size_t size);
void mytel_tlv_put_number(struct tlv_out *out, uint16_t tag, uint64_t number);

/* Between the two, values go into the container. */
size_t mytel_tlv_open(struct tlv_out *out, uint16_t tag);
void mytel_tlv_close(struct tlv_out *out, size_t mark);

#endif
