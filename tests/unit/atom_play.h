/* atom_play.h - a host for one call at a time, for the tests of the ATOM adapter. */
#ifndef TESTS_ATOM_PLAY_H
#define TESTS_ATOM_PLAY_H

#include <stdlib.h>

#include "base/arena.h"
#include "esim/adapter.h"
#include "esim/capability.h"
#include "esim/exchange.h"
#include "esim/inbound.h"

#define EID     "89001012012341234012345678901224"
#define ICCID   "8995060000000000018"
#define OP      "0190a0b0-1111-7222-8333-444455556666"
#define SETTING "{\"requester_id\":\"1.2.3\",\"smdp_address\":\"smdp.example.com\"}"
#define OK      "\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}"

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
        memory = arena_create(1 << 20);
        CHECK_INT(esim_entry.start(&host), 0);
    }
    arena_reset(memory);
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

static inline void memory_goes_back_to_the_host(void)
{
    arena_destroy(&memory);
    CHECK(memory == NULL);
}

#endif
