/* mpt_play.h - a cell for one call at a time, for the tests of the MPT adapter. */
#ifndef TESTS_MPT_PLAY_H
#define TESTS_MPT_PLAY_H

#include <stdlib.h>

#include "base/arena.h"
#include "esim/adapter.h"
#include "esim/capability.h"
#include "esim/exchange.h"
#include "esim/session.h"

#include "../../plugins/mpt/wire_bytes.h"

#define OP    "0190a0b0-1111-7222-8333-444455556666"
#define NOW   INT64_C(1767323045000) /* 2026-01-02T03:04:05Z */
#define ICCID "8995010000000000019"

static struct arena *memory;
static char last_log[512];

static inline void *host_alloc(uint64_t size)
{
    return arena_alloc(memory, size);
}

static inline void host_log(esim_level level, struct esim_bytes text)
{
    (void)level;
    int size = snprintf(last_log, sizeof last_log, "%.*s", (int)text.size, text.ptr);
    (void)size;
}

static inline const void *host_ability(const char *id)
{
    (void)id;
    return NULL;
}

static const struct esim_host host = {
    .size = sizeof host,
    .abi = ESIM_ABI,
    .alloc = host_alloc,
    .log = host_log,
    .ability = host_ability,
};

static inline void start(void)
{
    if (memory == NULL) {
        memory = arena_create(16 << 20);
        CHECK_INT(esim_entry.start(&host), 0);
    }
    arena_reset(memory);
    last_log[0] = '\0';
}

static inline struct esim_bytes bytes(const char *text)
{
    return (struct esim_bytes){ text, text == NULL ? 0 : strlen(text) };
}

static inline const char *text(struct esim_bytes given)
{
    char *copy = host_alloc(given.size + 1);
    if (given.size > 0)
        memcpy(copy, given.ptr, given.size);
    return copy;
}

static inline const char *hex(struct esim_bytes given)
{
    char *copy = host_alloc(given.size * 2 + 1);
    for (uint64_t i = 0; i < given.size; i++) {
        int size = snprintf(copy + i * 2, 3, "%02x", (uint8_t)given.ptr[i]);
        CHECK_INT(size, 2);
    }
    return copy;
}

/* Digits in pairs; other characters only part them. */
static inline struct esim_bytes unhex(const char *digits)
{
    size_t room = strlen(digits) / 2 + 1, size = 0;
    char *copy = host_alloc(room);
    int high = -1;
    for (; *digits != '\0'; digits++) {
        const char *known = "0123456789abcdef";
        const char *at = strchr(known, *digits);
        if (at == NULL)
            continue;
        if (high < 0) {
            high = (int)(at - known);
        } else {
            copy[size++] = (char)(high << 4 | (int)(at - known));
            high = -1;
        }
    }
    return (struct esim_bytes){ copy, size };
}

static inline void memory_goes_back_to_the_host(void)
{
    arena_destroy(&memory);
    CHECK(memory == NULL);
}

#endif
