/* mytel_play.h - a host for one call at a time, and a carrier's frames, for the tests of
 * the Mytel adapter. */
#ifndef TESTS_MYTEL_PLAY_H
#define TESTS_MYTEL_PLAY_H

#include <stdlib.h>

#include "../../plugins/mytel/wire_codes.h"
#include "../../plugins/mytel/wire_frame.h"
#include "../../plugins/mytel/wire_tlv.h"
#include "base/arena.h"
#include "esim/adapter.h"
#include "esim/capability.h"
#include "esim/exchange.h"
#include "esim/session.h"

#define EID     "89001012012341234012345678901224"
#define ICCID   "8995090000000000017"
#define OP      "0190a0b0-1111-7222-8333-444455556666"
#define OP_KEY  "0190a0b0111172228333444455556666"
#define SETTING "{\"client_id\":\"acme-01\"}"
#define SECRETS "{\"login.secret\":\"mytel example secret 0001\"}"
#define NOW_MS  INT64_C(1767323045000) /* 2026-01-02T03:04:05Z */

static struct arena *memory;

static inline void *host_alloc(uint64_t size)
{
    return arena_alloc(memory, size);
}

static inline void host_log(esim_level level, struct esim_bytes text)
{
    (void)level;
    (void)text;
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
        memory = arena_create(256 << 20);
        CHECK_INT(esim_entry.start(&host), 0);
    }
    arena_reset(memory);
}

static inline void memory_goes_back_to_the_host(void)
{
    arena_destroy(&memory);
    CHECK(memory == NULL);
}

static inline struct esim_bytes bytes(const char *text)
{
    return (struct esim_bytes){ text, strlen(text) };
}

static inline const char *text(struct esim_bytes given)
{
    char *copy = host_alloc(given.size + 1);
    if (given.size > 0)
        memcpy(copy, given.ptr, given.size);
    return copy;
}

static inline esim_step_fn flow_of(const char *capability)
{
    const struct esim_flows *flows = esim_entry.ability(ESIM_ABILITY_FLOWS);
    for (uint32_t i = 0; i < flows->count; i++)
        if (strcmp(flows->flows[i].capability, capability) == 0)
            return flows->flows[i].step;
    return NULL;
}

/* ---- what a carrier writes ---- */

static inline struct tlv_out values(void)
{
    enum { ROOM = 8192 };
    return (struct tlv_out){ .bytes = host_alloc(ROOM), .room = ROOM };
}

static inline void put_text(struct tlv_out *out, uint16_t tag, const char *value)
{
    mytel_tlv_put(out, tag, value, strlen(value));
}

static inline struct esim_bytes bytes_of(const struct tlv_out *out)
{
    CHECK(!out->full);
    return (struct esim_bytes){ (const char *)out->bytes, out->size };
}

static inline struct tlv_list list_of(struct esim_bytes given)
{
    return (struct tlv_list){ (const uint8_t *)given.ptr, given.size };
}

static inline struct esim_bytes frame_of(uint8_t type, uint32_t sequence,
                                         uint32_t answers, const struct tlv_out *body)
{
    struct mytel_frame frame = { .version = 1,
                                 .type = type,
                                 .sequence = sequence,
                                 .answers = answers,
                                 .body = body == NULL ? NULL : body->bytes,
                                 .body_size = body == NULL ? 0 : body->size };
    char *written = host_alloc(FRAME_MOST);
    size_t size = mytel_frame_write(&frame, written, FRAME_MOST);
    CHECK(size > 0);
    return (struct esim_bytes){ written, size };
}

/* ---- PROTOCOL.md ---- */

#define PROTOCOL "plugins/mytel/PROTOCOL.md"

/* The whole document, NUL-ended; from the step's memory. */
static inline const char *document(void)
{
    FILE *file = fopen(PROTOCOL, "rb");
    CHECK_FATAL(file != NULL);
    enum { ROOM = 1 << 20 };
    char *all = host_alloc(ROOM);
    size_t size = fread(all, 1, ROOM - 1, file);
    fclose(file);
    CHECK(size > 0 && size < ROOM - 1);
    return all;
}

/* The n-th example, from 1; empty when there are fewer. */
static inline struct esim_bytes example(int n)
{
    const char *at = document();
    for (int i = 0; i < n && at != NULL; i++) {
        at = strstr(at, "```hex\n");
        at = at == NULL ? NULL : at + strlen("```hex\n");
    }
    struct esim_bytes none = { NULL, 0 };
    if (at == NULL)
        return none;
    char *found = host_alloc(FRAME_MOST);
    size_t size = 0;
    while (*at != '`') {
        char *end = NULL;
        found[size++] = (char)strtoul(at, &end, 16);
        at = end + strspn(end, " \n");
    }
    return (struct esim_bytes){ found, size };
}

static inline bool same(struct esim_bytes a, struct esim_bytes b)
{
    return a.size == b.size && memcmp(a.ptr, b.ptr, a.size) == 0;
}

#endif
