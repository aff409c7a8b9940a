/* Graph's bytes into the Intune adapter: the same foreign reply to each exchange of each
 * flow, links and batches among it, until the operation ends. The first byte chooses the
 * flow, the second the status, the rest is the body.
 *
 * Whatever comes, a path stays below a version's root, and the state within the ABI's
 * limit. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "esim/adapter.h"
#include "esim/capability.h"
#include "esim/exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena *memory, *kept;

static void *host_alloc(uint64_t size)
{
    return arena_alloc(memory, size);
}

static void host_log(esim_level level, struct esim_bytes text)
{
    (void)level;
    (void)text;
}

static const void *host_ability(const char *id)
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

static struct esim_bytes text(const char *text)
{
    return (struct esim_bytes){ text, strlen(text) };
}

static const char settings[] = "{\"graph_root\":\"https://g.example\",\"tries\":2,"
                               "\"follow_hours\":1,\"list_eid\":true,\"page_size\":2}";

static const struct {
    const char *capability, *input;
} asked[] = {
    { ESIM_DEVICE_LIST, "{\"since\":\"2026-01-01T00:00:00Z\"}" },
    { ESIM_DEVICE_ASSIGN, "{\"device_id\":\"d\",\"iccid\":\"8995060000000000018\","
                          "\"activation_code\":\"1$a.b$C\"}" },
    { ESIM_DEVICE_ASSIGN, "{\"device_id\":\"d\",\"iccid\":\"8995060000000000018\","
                          "\"activation_code\":\"1$a.b$C\",\"group\":\"g\"}" },
    { ESIM_DEVICE_ACTIVATE,
      "{\"device_id\":\"d\",\"carrier_url\":\"https://c.example\"}" },
    { ESIM_DEVICE_COMPLIANCE, "{\"device_id\":\"d\"}" },
    { ESIM_DEVICE_NOTIFY, "{\"device_id\":\"d\",\"title\":\"t\",\"text\":\"x\"}" },
    { ESIM_SCRIPT_DEPLOY, "{\"name\":\"n\",\"content\":\"c\",\"group\":\"g\"}" },
    { ESIM_DEVICE_READ, "{\"device_id\":\"d\"}" },
    { ESIM_DEVICE_RETIRE, "{\"device_id\":\"d\"}" },
    { ESIM_GROUP_CHANGE, "{\"name\":\"n\",\"add\":[\"d\"],\"remove\":[\"e\",\"f\"]}" },
    { ESIM_CONFIG_DEPLOY, "{\"name\":\"n\",\"group\":\"g\",\"settings\":"
                          "[{\"uri\":\"./x\",\"value\":1}]}" },
};
enum { ASKED_COUNT = sizeof asked / sizeof asked[0], STEPS_MOST = 400 };

static esim_step_fn flow_of(const char *capability)
{
    const struct esim_flows *flows = esim_entry.ability(ESIM_ABILITY_FLOWS);
    for (uint32_t i = 0; i < flows->count; i++)
        if (strcmp(flows->flows[i].capability, capability) == 0)
            return flows->flows[i].step;
    return NULL;
}

static bool begins(struct esim_bytes given, const char *with)
{
    return given.size >= strlen(with) && memcmp(given.ptr, with, strlen(with)) == 0;
}

static void check(const struct esim_answer *answer)
{
    assert(answer->action >= ESIM_ASK && answer->action <= ESIM_END);
    assert(answer->state.size <= 64 << 10);
    if (answer->action == ESIM_ASK)
        assert(begins(answer->ask.path, "/v1.0/") ||
               begins(answer->ask.path, "/beta/"));
    if (answer->action == ESIM_END)
        assert(answer->outcome >= ESIM_DONE && answer->outcome <= ESIM_UNKNOWN);
}

/* False when the operation is over. */
static bool go_on(struct esim_step *step, const struct esim_answer *answer,
                  const struct esim_reply *reply)
{
    if (answer->action == ESIM_END)
        return false;
    step->state = (struct esim_bytes){
        arena_copy(kept, answer->state.ptr, answer->state.size), answer->state.size
    };
    step->reply = answer->action == ESIM_ASK ? reply : NULL;
    step->event = answer->action == ESIM_ASK ? ESIM_REPLY : ESIM_TIMER;
    if (answer->action == ESIM_WAIT)
        step->now_ms = answer->until_ms;
    return true;
}

static void play(unsigned which, int status, struct esim_bytes body)
{
    struct esim_reply reply = { .size = sizeof reply, .status = status, .body = body };
    struct esim_step step = {
        .size = sizeof step,
        .event = ESIM_START,
        .now_ms = 1767323045000,
        .attempt = 1,
        .operation = text("0190a0b0-1111-7222-8333-444455556666"),
        .capability = text(asked[which].capability),
        .input = text(asked[which].input),
        .settings = text(settings),
        .secrets = text("{}"),
    };
    for (int i = 0; i < STEPS_MOST; i++) {
        struct esim_answer answer = { .size = sizeof answer };
        arena_reset(memory);
        flow_of(asked[which].capability)(&step, &answer);
        check(&answer);
        if (!go_on(&step, &answer, &reply))
            return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = { 200, 200, 201, 204, 400, 404, 429, 500 };
    if (size < 2 || size > 16384)
        return 0;
    if (memory == NULL) {
        memory = arena_create(16 << 20);
        kept = arena_create(64 << 20);
        esim_entry.start(&host);
    }
    arena_reset(kept);
    struct esim_bytes body = { (const char *)data + 2, size - 2 };
    play(data[0] % ASKED_COUNT, statuses[data[1] % 8], body);
    const struct esim_check *settings_check = esim_entry.ability(ESIM_ABILITY_CHECK);
    arena_reset(memory);
    (void)settings_check->settings(body);
    return 0;
}
