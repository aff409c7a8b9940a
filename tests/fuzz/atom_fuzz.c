/* A carrier's bytes into the ATOM adapter: replies to each function, notifications,
 * activation codes and settings. The first byte chooses; the rest is what came. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "esim/adapter.h"
#include "esim/capability.h"
#include "esim/exchange.h"
#include "esim/inbound.h"
#include "../../plugins/atom/wire_code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena *memory;

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

static const char settings[] =
    "{\"requester_id\":\"R\",\"smdp_address\":\"a.b\",\"tolerate_numbers\":true,"
    "\"protocol_optional\":true}";

static const struct {
    const char *capability, *input;
} asked[] = {
    { ESIM_PROFILE_ORDER, "{\"profile_type\":\"P\"}" },
    { ESIM_PROFILE_CONFIRM, "{\"iccid\":\"8995060000000000018\"}" },
    { ESIM_PROFILE_RELEASE, "{\"iccid\":\"8995060000000000018\"}" },
    { ESIM_PROFILE_CANCEL,
      "{\"iccid\":\"8995060000000000018\",\"final_state\":\"Unavailable\"}" },
};
enum { ASKED_COUNT = sizeof asked / sizeof asked[0] };

static void play_reply(unsigned which, int status, struct esim_bytes body)
{
    const struct esim_flows *flows = esim_entry.ability(ESIM_ABILITY_FLOWS);
    struct esim_step step = {
        .size = sizeof step,
        .event = ESIM_START,
        .attempt = which % 3,
        .operation = text("0190a0b0-1111-7222-8333-444455556666"),
        .capability = text(asked[which % ASKED_COUNT].capability),
        .input = text(asked[which % ASKED_COUNT].input),
        .settings = text(settings),
        .secrets = text("{}"),
    };
    esim_step_fn flow = NULL;
    for (uint32_t i = 0; i < flows->count; i++)
        if (strcmp(flows->flows[i].capability, asked[which % ASKED_COUNT].capability) ==
            0)
            flow = flows->flows[i].step;
    struct esim_answer first = { .size = sizeof first };
    flow(&step, &first);
    assert(first.action == ESIM_ASK);
    struct esim_reply reply = { .size = sizeof reply, .status = status, .body = body };
    step.event = ESIM_REPLY;
    step.state = first.state;
    step.reply = &reply;
    struct esim_answer answer = { .size = sizeof answer };
    flow(&step, &answer);
    assert(answer.action == ESIM_END);
    assert(answer.outcome >= ESIM_DONE && answer.outcome <= ESIM_UNKNOWN);
}

static void play_notification(struct esim_bytes body)
{
    const struct esim_inbound *inbound = esim_entry.ability(ESIM_ABILITY_INBOUND);
    struct esim_request request = { .size = sizeof request,
                                    .method = text("POST"),
                                    .path = text("/handleDownloadProgressInfo"),
                                    .body = body,
                                    .settings = text(settings) };
    struct esim_response response = { .size = sizeof response };
    inbound->receive(&request, &response);
    assert(response.status == 204 || response.status == 400);
    assert(response.fact_count == (response.status == 204 ? 1 : 0));
}

/* What is read must be written again as it was, up to the parts that are ignored. */
static void play_code(struct esim_bytes body)
{
    struct activation_code code;
    const char *given = esim_string(body);
    if (!activation_code_read(given, false, &code))
        return;
    const char *written = activation_code_write(&code);
    assert(written != NULL && strlen(written) <= strlen(given));
}

static void play_settings(struct esim_bytes body)
{
    const struct esim_check *check = esim_entry.ability(ESIM_ABILITY_CHECK);
    (void)check->settings(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = { 200, 500, 503, 400 };
    if (size == 0)
        return 0;
    if (memory == NULL) {
        memory = arena_create(4 << 20);
        esim_entry.start(&host);
    }
    arena_reset(memory);
    struct esim_bytes body = { (const char *)data + 1, size - 1 };
    unsigned which = data[0] % 32;
    if (which < 24)
        play_reply(which, statuses[which / 8], body);
    else if (which < 28)
        play_notification(body);
    else if (which < 30)
        play_code(body);
    else
        play_settings(body);
    return 0;
}
