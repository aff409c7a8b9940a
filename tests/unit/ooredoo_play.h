/* ooredoo_play.h - a host for one call at a time, for the Ooredoo adapter. */
#ifndef TESTS_OOREDOO_PLAY_H
#define TESTS_OOREDOO_PLAY_H

#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "check.h"
#include "esim/adapter.h"
#include "esim/capability.h"
#include "esim/exchange.h"

#define EID     "89001012012341234012345678901224"
#define ICCID   "8995060000000000018"
#define OP      "0190a0b0-1111-7222-8333-444455556666"
#define SETTING "{\"username\":\"u9\"}"
#define SECRETS "{\"wss.password\":\"secret\"}"

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
        memory = arena_create(8 << 20);
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

/* ---- one operation: what a cell is told, step by step ---- */

struct play {
    const char *capability;
    const char *input;
    const char *settings; /* NULL: SETTING. */
    uint32_t attempt;
};

static inline esim_step_fn flow_of(const char *capability)
{
    const struct esim_flows *flows = esim_entry.ability(ESIM_ABILITY_FLOWS);
    for (uint32_t i = 0; i < flows->count; i++)
        if (strcmp(flows->flows[i].capability, capability) == 0)
            return flows->flows[i].step;
    return NULL;
}

/* The 16 bytes of the nonce's published vector, and its time. */
static inline struct esim_step step_of(const struct play *play)
{
    struct esim_step step = {
        .size = sizeof step,
        .event = ESIM_START,
        .now_ms = 1767323045000, /* 2026-01-02T03:04:05Z */
        .random = "1234567890123456abcdefghijklmnop",
        .state_version = 1,
        .attempt = play->attempt == 0 ? 1 : play->attempt,
        .operation = bytes(OP),
        .capability = bytes(play->capability),
        .input = bytes(play->input),
        .settings = bytes(play->settings != NULL ? play->settings : SETTING),
        .secrets = bytes(SECRETS),
    };
    return step;
}

static inline struct esim_answer take(const struct play *play,
                                      const struct esim_step *step)
{
    struct esim_answer answer = { .size = sizeof answer };
    flow_of(play->capability)(step, &answer);
    return answer;
}

static inline struct esim_answer begin(const struct play *play)
{
    struct esim_step step = step_of(play);
    return take(play, &step);
}

/* After an answer: another event. */
static inline struct esim_answer
follow(const struct play *play, const struct esim_answer *last, esim_event event)
{
    struct esim_step step = step_of(play);
    step.event = event;
    step.state = last->state;
    return take(play, &step);
}

static inline struct esim_answer reply(const struct play *play,
                                       const struct esim_answer *last, int status,
                                       struct esim_bytes body)
{
    struct esim_reply reply = { .size = sizeof reply, .status = status, .body = body };
    struct esim_step step = step_of(play);
    step.event = ESIM_REPLY;
    step.state = last->state;
    step.reply = &reply;
    return take(play, &step);
}

/* ---- replies of the published contract ---- */

#define OPEN_11                                                                   \
    "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Header/>" \
    "<e:Body>"
#define OPEN_12                                                          \
    "<env:Envelope xmlns:env='http://www.w3.org/2003/05/soap-envelope'>" \
    "<env:Body>"
#define CLOSE_11 "</e:Body></e:Envelope>"
#define CLOSE_12 "</env:Body></env:Envelope>"
#define RESPONSE(name, code, content)                                           \
    "<r:" name "Response xmlns:r='urn:esimd:carrier:1'><r:result><r:code>" code \
    "</r:code></r:result>" content "</r:" name "Response>"
#define REPLY(name, code, content) OPEN_11 RESPONSE(name, code, content) CLOSE_11
#define PROFILE(content) \
    "<r:profile><r:iccid>" ICCID "</r:iccid>" content "</r:profile>"
#define LINE(state) \
    "<r:line><r:msisdn>9591</r:msisdn><r:lineState>" state "</r:lineState></r:line>"
#define FAULT_11(code, detail)          \
    OPEN_11 "<e:Fault><faultcode>" code \
            "</faultcode><faultstring>no</faultstring>" detail "</e:Fault>" CLOSE_11
#define FAULT_12(code, inner, detail)                                      \
    OPEN_12 "<env:Fault><env:Code><env:Value>" code "</env:Value>" inner   \
            "</env:Code><env:Reason><env:Text xml:lang='en'>no</env:Text>" \
            "</env:Reason>" detail "</env:Fault>" CLOSE_12
#define CARRIER_FAULT(code)                                                   \
    "<r:carrierFault xmlns:r='urn:esimd:carrier:1'><r:code>" code "</r:code>" \
    "</r:carrierFault>"

static inline void memory_goes_back_to_the_host(void)
{
    arena_destroy(&memory);
    xmlCleanupParser();
    CHECK(memory == NULL);
}

#endif
