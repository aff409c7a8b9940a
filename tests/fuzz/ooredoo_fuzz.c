/* A carrier's bytes into the Ooredoo adapter: replies to each operation, to the question
 * for a lost order, templates, XPath and settings. The first byte chooses; the rest is
 * what came. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "esim/adapter.h"
#include "esim/capability.h"
#include "esim/exchange.h"
#include "../../plugins/ooredoo/wire_path.h"
#include "../../plugins/ooredoo/wire_template.h"

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

static const char *const capabilities[] = {
    ESIM_PROFILE_ORDER,  ESIM_PROFILE_CONFIRM, ESIM_PROFILE_CANCEL,
    ESIM_PROFILE_STATUS, ESIM_LINE_ACTIVATE,   ESIM_USAGE_READ,
};
enum { CAPABILITIES = sizeof capabilities / sizeof capabilities[0] };

static const char input[] =
    "{\"iccid\":\"8995060000000000018\",\"order_ref\":\"o\",\"msisdn\":\"1\",\"from\":"
    "\"2026-01-01T00:00:00Z\",\"to\":\"2026-01-01T00:00:00Z\"}";

static struct esim_answer take(const char *capability, struct esim_step *step)
{
    const struct esim_flows *flows = esim_entry.ability(ESIM_ABILITY_FLOWS);
    struct esim_answer answer = { .size = sizeof answer };
    for (uint32_t i = 0; i < flows->count; i++)
        if (strcmp(flows->flows[i].capability, capability) == 0)
            flows->flows[i].step(step, &answer);
    return answer;
}

static struct esim_step step_of(const char *capability)
{
    return (struct esim_step){
        .size = sizeof(struct esim_step),
        .event = ESIM_START,
        .attempt = 1,
        .operation = text("0190a0b0-1111-7222-8333-444455556666"),
        .capability = text(capability),
        .input = text(input),
        .settings = text("{\"username\":\"u\",\"fault_code\":\".//*\"}"),
        .secrets = text("{\"wss.password\":\"p\"}"),
    };
}

static struct esim_answer reply(const char *capability, const struct esim_answer *asked,
                                int status, struct esim_bytes body)
{
    struct esim_reply reply = { .size = sizeof reply, .status = status, .body = body };
    struct esim_step step = step_of(capability);
    step.event = ESIM_REPLY;
    step.state = asked->state;
    step.reply = &reply;
    return take(capability, &step);
}

/* An order is never asked twice in one go, whatever was answered. */
static void play_reply(unsigned which, int status, struct esim_bytes body)
{
    const char *capability = capabilities[which % CAPABILITIES];
    struct esim_step step = step_of(capability);
    struct esim_answer asked = take(capability, &step);
    assert(asked.action == ESIM_ASK);
    struct esim_answer answer = reply(capability, &asked, status, body);
    assert(answer.action == ESIM_END || answer.action == ESIM_WAIT);
    if (answer.action == ESIM_END)
        assert(answer.outcome >= ESIM_DONE && answer.outcome <= ESIM_UNKNOWN);
}

/* A question's answer: DONE, not there, or something that decides nothing. */
static void play_question(struct esim_bytes body)
{
    const char *capability = ESIM_PROFILE_ORDER;
    struct esim_step step = step_of(capability);
    struct esim_answer asked = take(capability, &step);
    step.event = ESIM_QUERY;
    step.state = asked.state;
    struct esim_answer waits = take(capability, &step);
    assert(waits.action == ESIM_WAIT);
    step.event = ESIM_TIMER;
    step.state = waits.state;
    struct esim_answer asks = take(capability, &step);
    assert(asks.action == ESIM_ASK && asks.ask.repeat == ESIM_SAFE);
    struct esim_answer answer = reply(capability, &asks, 200, body);
    assert(answer.action == ESIM_WAIT || answer.action == ESIM_END);
}

static const char *value_of(const void *arg, const char *name)
{
    return name[0] == 'a' ? arg : NULL;
}

/* What is written around a value must not be changed by it. */
static void play_template(struct esim_bytes body)
{
    struct template_values values = { value_of, esim_string(body) };
    struct esim_bytes out = { NULL, 0 };
    struct text written;
    text_open(&written);
    text_put(&written, "<x y='");
    struct template_result result = template_write("{{a}}'>{{a}}", &values, &written);
    text_put(&written, "</x>");
    bool ok = text_close(&written, &out) && result.end == TEMPLATE_DONE;
    xmlDoc *doc = ok ? xml_read(out) : NULL;
    if (ok && out.size < XML_TAG) {
        xmlNode *root = doc == NULL ? NULL : xmlDocGetRootElement(doc);
        assert(root != NULL && root->next == NULL && xml_first(root) == NULL);
    }
    xmlFreeDoc(doc);
    text_open(&written);
    (void)template_write(esim_string(body), &values, &written);
    (void)text_close(&written, &out);
}

static void play_path(struct esim_bytes body)
{
    (void)path_is_valid(esim_string(body), NULL);
}

static void play_settings(struct esim_bytes body)
{
    const struct esim_check *check = esim_entry.ability(ESIM_ABILITY_CHECK);
    (void)check->settings(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = { 200, 500, 503, 401 };
    if (size == 0)
        return 0;
    if (memory == NULL) {
        memory = arena_create(16 << 20);
        int32_t refused = esim_entry.start(&host);
        assert(refused == 0);
    }
    arena_reset(memory);
    struct esim_bytes body = { (const char *)data + 1, size - 1 };
    unsigned which = data[0] % 32;
    if (which < 24)
        play_reply(which, statuses[which / CAPABILITIES], body);
    else if (which < 26)
        play_question(body);
    else if (which < 28)
        play_template(body);
    else if (which < 30)
        play_path(body);
    else
        play_settings(body);
    return 0;
}
