/* wire.h - what host and cell say to each other: frames, and the values inside.
 *
 * A frame is a 16-byte head (u32 size of the payload, u32 kind, u64 call number; all
 * little-endian) and its payload. Inside a payload: u32 and u64 little-endian, bytes as
 * u32 length and the bytes. A reader never trusts: every get checks what is left, and
 * one failure makes the reader failed for good.
 *
 * Linked into the host and into both cell programs; needs only the C library. */
#ifndef CELL_WIRE_H
#define CELL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum { WIRE_HEAD_BYTES = 16 };

/* How a cell program ends by itself. */
enum {
    WIRE_EXIT_HOST_GONE = 0,
    WIRE_EXIT_BROKEN = 70,   /* It could not start, or the host spoke nonsense. */
    WIRE_EXIT_FORBIDDEN = 71 /* It made the call named by the last WIRE_DENIED. */
};

enum wire_kind {
    WIRE_READY = 1,  /* Cell -> host, call 0: payload is the cell's description. */
    WIRE_FAILED = 2, /* Cell -> host, call 0: cannot start; payload is the reason. */
    WIRE_LOG = 3,    /* Cell -> host: u32 level, bytes text; call = the present call. */
    WIRE_DENIED = 4, /* Cell -> host: bytes name of a refused system call. */
    WIRE_ANSWER = 5, /* Cell -> host: the answer to that call. */
    WIRE_ERROR = 6,  /* Cell -> host: the call failed inside (Lua error): bytes text. */
    WIRE_STEP = 16,  /* Host -> adapter cell: one flow step (step_codec.h). */
    WIRE_SESSION = 17,
    WIRE_FRAME = 18, /* Cut a frame: bytes session, bytes data -> i64 as u64. */
    WIRE_INBOUND = 19,
    WIRE_CHECK = 20,   /* Look at settings: bytes JSON -> bytes field, bytes message. */
    WIRE_DECIDE = 32,  /* Host -> policy cell: bytes function, bytes JSON array of
                         arguments -> JSON result (lua_sandbox.h). */
    WIRE_EXPLAIN = 33, /* As WIRE_DECIDE, then u32: 1 for the values of locals ->
                          JSON of result or error, and the trace. */
    WIRE_RETURNED = 34, /* Bytes file name -> JSON of what that file returned. */
    WIRE_LINES = 35     /* Nothing -> JSON of the lines with code, by file. */
};

struct wire_head {
    uint32_t size;
    uint32_t kind;
    uint64_t call;
};

void wire_head_write(const struct wire_head *head, uint8_t ret[WIRE_HEAD_BYTES]);
struct wire_head wire_head_read(const uint8_t bytes[WIRE_HEAD_BYTES]);

void wire_put_u32(struct buf *ret, uint32_t number);
void wire_put_u64(struct buf *ret, uint64_t number);
void wire_put_bytes(struct buf *ret, struct slice bytes);

struct wire_reader {
    struct slice rest;
    bool failed;
};

struct wire_reader wire_reader_of(struct slice payload);
uint32_t wire_u32(struct wire_reader *reader);
uint64_t wire_u64(struct wire_reader *reader);
struct slice wire_bytes(struct wire_reader *reader); /* Borrowed from the payload. */
bool wire_done(const struct wire_reader *reader);    /* All read, nothing failed. */

#endif
