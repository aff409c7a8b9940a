/* wire_bytes.h - reading and writing the bytes of SMPP: big-endian numbers, texts that
 * end in NUL, runs of a told length.
 *
 * Memory  A reader's texts and runs are borrowed from the bytes given. A writer writes
 *         into memory that its caller owns. Nothing is allocated.
 * Errors  A reader that meets its end goes bad and stays so, and reads zeros. A writer
 *         without room goes full and stays so. Look once, at the end. */
#ifndef MPT_WIRE_BYTES_H
#define MPT_WIRE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "esim/abi.h"

struct smpp_in {
    const uint8_t *at, *end;
    bool bad;
};

struct smpp_in smpp_in_of(struct esim_bytes bytes);
size_t smpp_in_left(const struct smpp_in *in);
uint8_t smpp_get_u8(struct smpp_in *in);
uint16_t smpp_get_u16(struct smpp_in *in);
uint32_t smpp_get_u32(struct smpp_in *in);
uint64_t smpp_get_u64(struct smpp_in *in);
/* Without its NUL; `most` counts the NUL, as the standard's sizes do. */
struct esim_bytes smpp_get_text(struct smpp_in *in, size_t most);
struct esim_bytes smpp_get_run(struct smpp_in *in, size_t size);

struct smpp_out {
    uint8_t *ptr;
    size_t size, room;
    bool full;
};

struct smpp_out smpp_out_to(void *memory, size_t room);
void smpp_put_u8(struct smpp_out *out, uint8_t value);
void smpp_put_u16(struct smpp_out *out, uint16_t value);
void smpp_put_u32(struct smpp_out *out, uint32_t value);
void smpp_put_u64(struct smpp_out *out, uint64_t value);
void smpp_put_run(struct smpp_out *out, struct esim_bytes run);
/* The text and a NUL. Goes full when the text has a NUL or more than `most` with it. */
void smpp_put_text(struct smpp_out *out, struct esim_bytes text, size_t most);
/* What was written; empty when it did not fit. */
struct esim_bytes smpp_written(const struct smpp_out *out);

bool smpp_same(struct esim_bytes a, struct esim_bytes b);

#endif
