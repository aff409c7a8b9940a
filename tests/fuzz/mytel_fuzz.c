/* A carrier's bytes into the Mytel adapter. The first byte chooses:
 *   0 frame and values   1 replies to each flow   2 the session's input, as a stream of
 *   events   3 the session's kept state   4 settings
 * In a stream the checksums are made right, so that what lies behind them is reached. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "../../plugins/mytel/wire_frame.h"
#include "../../plugins/mytel/wire_tlv.h"
#include "base/arena.h"
#include "esim/adapter.h"
#include "esim/capability.h"
#include "esim/exchange.h"
#include "esim/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena *memory;

static void *host_alloc(uint64_t size)
{
    return arena_alloc(memory, size);
}

static void host_log(esim_level level, struct esim_bytes text)
{
    (void)level;
    assert(memchr(text.ptr, '\n', text.size) == NULL);
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

static const char settings[] = "{\"client_id\":\"acme-01\"}";
static const char secrets[] = "{\"login.secret\":\"mytel example secret 0001\"}";

/* ---- frame and values ---- */

static void play_wire(struct esim_bytes body)
{
    struct tlv_list list = { (const uint8_t *)body.ptr, (size_t)body.size }, value;
    struct mytel_frame frame;
    uint16_t tag = 0;
    uint64_t number = 0;
    mytel_frame_length(body.ptr, (size_t)body.size);
    mytel_frame_read(body.ptr, (size_t)body.size, &frame);
    bool sound = mytel_tlv_check(list, &tag) == TLV_SOUND;
    assert(!sound || mytel_tlv_check_top(list, &tag) == TLV_SOUND);
    for (uint32_t each = 0; each < 0x300; each++) {
        mytel_tlv_find(list, (uint16_t)each, &value);
        mytel_tlv_number(list, (uint16_t)each, &number);
    }
    while (mytel_tlv_next(&list, &tag, &value))
        assert(value.size <= body.size);
    assert(!sound || list.size == 0);
}

/* ---- flows ---- */

static const struct {
    const char *capability, *input;
} asked[] = {
    { ESIM_PROFILE_ORDER, "{\"profile_type\":\"P\"}" },
    { ESIM_PROFILE_CONFIRM, "{\"iccid\":\"8995060000000000018\"}" },
    { ESIM_PROFILE_STATUS, "{\"iccid\":\"8995060000000000018\"}" },
    { ESIM_LINE_ACTIVATE, "{\"msisdn\":\"959790000001\"}" },
    { ESIM_USAGE_READ, "{\"msisdn\":\"959790000001\",\"from\":\"2026-01-01T00:00:00Z\","
                       "\"to\":\"2026-01-02T00:00:00Z\"}" },
};
enum { ASKED_COUNT = sizeof asked / sizeof asked[0] };

static esim_step_fn flow_of(const char *capability)
{
    const struct esim_flows *flows = esim_entry.ability(ESIM_ABILITY_FLOWS);
    for (uint32_t i = 0; i < flows->count; i++)
        if (strcmp(flows->flows[i].capability, capability) == 0)
            return flows->flows[i].step;
    return NULL;
}

/* The answer to the request, and to what came of it: a status, a page, a wait. */
static void play_reply(unsigned which, struct esim_bytes body)
{
    struct esim_message message = { .size = sizeof message, .payload = body };
    struct esim_step step = {
        .size = sizeof step,
        .event = ESIM_START,
        .now_ms = 1767323045000,
        .operation = text("0190a0b0-1111-7222-8333-444455556666"),
        .capability = text(asked[which % ASKED_COUNT].capability),
        .input = text(asked[which % ASKED_COUNT].input),
        .settings = text(settings),
        .secrets = text(secrets),
        .message = &message,
    };
    for (int i = 0; i < 6; i++) {
        struct esim_answer answer = { .size = sizeof answer };
        flow_of(asked[which % ASKED_COUNT].capability)(&step, &answer);
        assert(answer.action >= ESIM_SEND && answer.action <= ESIM_END);
        assert(answer.action != ESIM_SEND || answer.send.repeat != ESIM_ONCE);
        if (answer.action == ESIM_END)
            return;
        step.event = i == 0 && which % 2 == 1 ? ESIM_SILENCE : ESIM_MESSAGE;
        step.state = answer.state;
    }
}

/* ---- the session ---- */

struct line {
    const struct esim_session *session;
    struct esim_bytes state;
    uint32_t sequence;
};

static struct esim_session_answer tell(struct line *line, esim_session_event event,
                                       struct esim_bytes bytes)
{
    struct esim_session_step step = {
        .size = sizeof step,
        .event = event,
        .now_ms = 1767323045000,
        .state = line->state,
        .settings = text(settings),
        .secrets = text(secrets),
        .key = text("0190a0b0111172228333444455556666"),
        .bytes = bytes,
    };
    struct esim_session_answer answer = { .size = sizeof answer };
    for (size_t i = 0; i < sizeof step.random; i++)
        step.random[i] = (uint8_t)i;
    line->session->step(&step, &answer);
    assert(answer.act_count <= 256 && answer.state.size <= 256 * 1024);
    for (uint64_t i = 0; i < answer.act_count; i++)
        assert(answer.acts[i].kind >= ESIM_ACT_WRITE &&
               answer.acts[i].kind <= ESIM_ACT_BACK);
    line->state = answer.state;
    return answer;
}

/* One event from the input: kind, size, bytes. Frames get a right head and checksum. */
static struct esim_bytes framed(struct line *line, const uint8_t *from, size_t size)
{
    uint8_t *frame = host_alloc(FRAME_LEAST + size);
    struct mytel_frame parts = { .version = 1,
                                 .type = size > 0 ? from[0] : 0,
                                 .sequence = ++line->sequence,
                                 .answers = size > 1 ? from[1] : 0,
                                 .body = from + (size > 2 ? 2 : size),
                                 .body_size = size > 2 ? size - 2 : 0 };
    size_t whole = mytel_frame_write(&parts, frame, FRAME_LEAST + size);
    return (struct esim_bytes){ (char *)frame, whole };
}

static void play_stream(struct esim_bytes body)
{
    const struct esim_sessions *sessions = esim_entry.ability(ESIM_ABILITY_SESSION);
    struct line line = { .session = &sessions->sessions[0] };
    const uint8_t *at = (const uint8_t *)body.ptr;
    size_t left = (size_t)body.size;
    tell(&line, ESIM_OPENED, text(""));
    for (int events = 0; left >= 2 && events < 64; events++) {
        unsigned kind = at[0];
        size_t size = at[1] <= left - 2 ? at[1] : left - 2;
        if (kind == 0xFF)
            tell(&line, ESIM_FRAME, (struct esim_bytes){ (const char *)at + 2, size });
        else if (kind >= ESIM_TICK && kind <= ESIM_DRAIN)
            tell(&line, (esim_session_event)kind,
                 (struct esim_bytes){ (const char *)at + 2, size });
        else
            tell(&line, ESIM_FRAME, framed(&line, at + 2, size));
        at += 2 + size;
        left -= 2 + size;
    }
}

static void play_state(struct esim_bytes body)
{
    const struct esim_sessions *sessions = esim_entry.ability(ESIM_ABILITY_SESSION);
    for (esim_session_event event = ESIM_FRAME; event <= ESIM_DRAIN; event++) {
        struct line line = { .session = &sessions->sessions[0], .state = body };
        tell(&line, event, body);
    }
}

static void play_settings(struct esim_bytes body)
{
    const struct esim_check *check = esim_entry.ability(ESIM_ABILITY_CHECK);
    (void)check->settings(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (memory == NULL) {
        memory = arena_create(64 << 20);
        esim_entry.start(&host);
    }
    arena_reset(memory);
    struct esim_bytes body = { (const char *)data + 1, size - 1 };
    switch (data[0] % 5) {
    case 0:
        play_wire(body);
        break;
    case 1:
        play_reply(data[0] / 5, body);
        break;
    case 2:
        play_stream(body);
        break;
    case 3:
        play_state(body);
        break;
    default:
        play_settings(body);
        break;
    }
    return 0;
}
