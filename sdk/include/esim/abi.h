/* abi.h - the shapes that both sides share: version, bytes, outcomes, the host's table.
 *
 * The whole ABI is this folder. It is plain C11, usable from C++, and needs no library.
 *
 * Versions  Every struct that crosses starts with `size`: the writer's sizeof. A reader
 *           uses a member only if `size` reaches past it, so structs grow at the end and
 *           old adapters go on working. ESIM_ABI changes only when that is not enough.
 *           A struct that lies inside another cannot grow: it has `reserved` members,
 *           to be left 0. A list of structs with `size` is walked by the first one's
 *           size; a list element without `size` never changes.
 * Memory    Arguments are borrowed until the call returns, unless marked otherwise. What
 *           an adapter returns it takes from esim_host.alloc; the host frees all of it
 *           at once when it has read the answer. An adapter never frees.
 * Text      UTF-8 with a length; a final NUL is not promised. JSON means one JSON value.
 * Purity    No socket, file, clock, randomness, thread or mutable global state: the same
 *           step with the same bytes gives the same answer. `esim-adapter check` runs
 *           each step twice and compares; the cell's system-call filter does the rest.
 *
 * ABI log (newest first)
 *   2026-11-21  1  first version. */
#ifndef ESIM_ABI_H
#define ESIM_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ESIM_ABI 1u

/* A borrowed run of bytes. `ptr` may be NULL when `size` is 0. */
struct esim_bytes {
    const char *ptr;
    uint64_t size;
};

/* How an exchange or an operation ended. */
typedef int32_t esim_outcome; /* fixed width: an enum's size is not an ABI */
enum {
    ESIM_DONE = 1,    /* The carrier confirmed it. */
    ESIM_REFUSED = 2, /* Not done, and asking again will not help. */
    ESIM_NOT_YET = 3, /* Not done; safe to ask again. */
    ESIM_UNKNOWN = 4  /* May have been done: query before any retry. */
};

/* What may be repeated when an answer is lost. Declared per exchange. */
typedef int32_t esim_repeat;
enum {
    ESIM_SAFE = 1,       /* Changes nothing at the carrier: repeat freely. */
    ESIM_IDEMPOTENT = 2, /* Repeating it has no further effect: repeat freely. */
    ESIM_ONCE = 3        /* Never sent again once a byte may have left. */
};

typedef int32_t esim_level;
enum { ESIM_LOG_DEBUG = 0, ESIM_LOG_INFO = 1, ESIM_LOG_WARN = 2, ESIM_LOG_ERROR = 3 };

/* Why an operation did not end DONE, for the person who must act. `code` is a stable
 * lower-case name of this adapter ("stock_empty"), `message` a sentence that says what
 * to do, `carrier_code` the carrier's own code as it was sent ("8.2.5/3.7"). No secrets:
 * all three are stored in the clear, shown and logged. */
struct esim_problem {
    uint32_t size;
    int32_t retry_after_s; /* With NOT_YET: the carrier's own wish; -1 when none. */
    struct esim_bytes code;
    struct esim_bytes message;
    struct esim_bytes carrier_code;
    uint64_t reserved[2];
};

/* What the cell gives an adapter. Valid for the life of the process. */
struct esim_host {
    uint32_t size;
    uint32_t abi;

    /* Zeroed memory that lives until the present call's answer has been read. NULL when
     * the step's memory limit is reached; the adapter then returns ESIM_NOT_YET or lets
     * the call fail. [any call into the adapter] */
    void *(*alloc)(uint64_t size);

    /* A line for the operator's log, tied to the operation. At most 512 bytes are kept.
     * Never a secret. [any call into the adapter] */
    void (*log)(esim_level level, struct esim_bytes text);

    /* An optional ability of the host by id ("esim.host.x/1"); NULL when absent. An
     * adapter must work without any. [start only] */
    const void *(*ability)(const char *id);
};

#ifdef __cplusplus
}
#endif
#endif
