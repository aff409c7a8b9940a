/* A carrier's stream into the MPT adapter's session: cut into frames as the host cuts it,
 * with two submits out. Then any bytes as a stored state, and as what a flow is told. The
 * first byte chooses. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "esim/adapter.h"
#include "esim/exchange.h"
#include "esim/session.h"
#include "../../plugins/mpt/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FRAMES_MOST = 64, STATE_MOST = 256 << 10 };

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
    "{\"command_to\":\"1332\",\"response_ids\":\"hex\",\"receipt_ids\":\"decimal\","
    "\"commands\":{\"line.resume\":{\"text\":\"R {{ref}}\",\"replies\":[{\"match\":"
    "\"OK {{ref}} {{*}}\",\"means\":\"done\"}]}}}";

static uint8_t state[STATE_MOST];
static size_t state_size;
static unsigned writes_of_a;
static bool bodies_are_ours; /* Not those of a made-up state. */

static void look_at_acts(const struct esim_session_answer *answer)
{
    assert(answer->act_count <= 256 && answer->state.size <= STATE_MOST);
    for (uint64_t i = 0; i < answer->act_count; i++) {
        const struct esim_act *act = &answer->acts[i];
        assert(act->kind >= ESIM_ACT_WRITE && act->kind <= ESIM_ACT_BACK);
        if (act->kind == ESIM_ACT_WRITE && act->key.size == 1 && act->key.ptr[0] == 'A')
            writes_of_a++;
        struct smpp_pdu pdu;
        if (act->kind == ESIM_ACT_WRITE && bodies_are_ours)
            assert(smpp_read(act->bytes, &pdu) == SMPP_ROK);
    }
}

static void step(esim_session_event event, const char *key, struct esim_bytes bytes)
{
    const struct esim_sessions *sessions = esim_entry.ability(ESIM_ABILITY_SESSION);
    struct esim_session_step step = {
        .size = sizeof step,
        .event = event,
        .now_ms = 1767323045000,
        .state = { (const char *)state, state_size },
        .settings = text(settings),
        .secrets = text("{\"smpp.system_id\":\"a\",\"smpp.password\":\"b\"}"),
        .key = text(key),
        .bytes = bytes,
    };
    struct esim_session_answer answer = { .size = sizeof answer };
    arena_reset(memory);
    sessions->sessions[0].step(&step, &answer);
    look_at_acts(&answer);
    state_size = answer.state.size;
    if (state_size > 0)
        memmove(state, answer.state.ptr, state_size);
}

static void submit(const char *key, size_t parts)
{
    char memory_of_it[512], memory_of_body[64];
    struct smpp_pdu pdu = { .command = SMPP_SUBMIT_SM, .short_message = text("Hi") };
    struct smpp_out body = smpp_out_to(memory_of_body, sizeof memory_of_body);
    smpp_write_body(&body, &pdu);
    struct mpt_submit given = { .command = SMPP_SUBMIT_SM,
                                .attempt = 1,
                                .expects_receipt = true,
                                .expects_reply = true,
                                .reference = 0x1234,
                                .count = parts };
    for (size_t i = 0; i < parts; i++)
        given.bodies[i] = smpp_written(&body);
    struct smpp_out out = smpp_out_to(memory_of_it, sizeof memory_of_it);
    mpt_submit_write(&out, &given);
    step(ESIM_SUBMIT, key, smpp_written(&out));
}

static struct esim_bytes octets(const char *ptr, size_t size)
{
    return (struct esim_bytes){ ptr, size };
}

static void begin(void)
{
    state_size = 0;
    writes_of_a = 0;
    step(ESIM_OPENED, "", text(""));
    step(ESIM_FRAME, "", octets("\0\0\0\x11\x80\0\0\x09\0\0\0\0\0\0\0\1\0", 17));
}

/* Submit A has three parts and nothing here is throttled without having been answered so:
 * the machine writes a part again only after such an answer. */
static void play_stream(struct esim_bytes stream)
{
    begin();
    bodies_are_ours = false;
    step(ESIM_SUBMIT, "bad", stream);
    bodies_are_ours = true;
    submit("A", 3);
    submit("B", 1);
    for (int i = 0; i < FRAMES_MOST && stream.size >= 4; i++) {
        int64_t size = smpp_frame(stream);
        if (size <= 0 || (uint64_t)size > stream.size)
            break;
        step(ESIM_FRAME, "", octets(stream.ptr, (size_t)size));
        stream = octets(stream.ptr + size, stream.size - (size_t)size);
    }
    step(ESIM_TICK, "", text(""));
    step(ESIM_DRAIN, "", text(""));
    step(ESIM_CLOSED, "", text("gone"));
    assert(writes_of_a <= 3); /* The clock stands: no pause has passed. */
}

static void play_state(struct esim_bytes given)
{
    if (given.size > STATE_MOST)
        return;
    bodies_are_ours = false;
    static const esim_session_event events[] = { ESIM_TICK, ESIM_DRAIN, ESIM_CLOSED };
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        state_size = given.size;
        if (given.size > 0)
            memcpy(state, given.ptr, given.size);
        step(events[i], "", text("gone"));
    }
}

static void play_message(struct esim_bytes payload)
{
    const struct esim_flows *flows = esim_entry.ability(ESIM_ABILITY_FLOWS);
    struct esim_message message = { .size = sizeof message,
                                    .key = text("key"),
                                    .payload = payload };
    for (uint32_t i = 0; i < flows->count; i++) {
        arena_reset(memory);
        struct esim_step step = {
            .size = sizeof step,
            .event = ESIM_START,
            .now_ms = 1767323045000,
            .attempt = 1,
            .operation = text("0190a0b0-1111-7222-8333-444455556666"),
            .capability = text(flows->flows[i].capability),
            .input = text("{\"msisdn\":\"959123\",\"text\":\"Hi\"}"),
            .settings = text(settings),
            .secrets = text("{}"),
        };
        struct esim_answer first = { .size = sizeof first };
        flows->flows[i].step(&step, &first);
        step.event = ESIM_MESSAGE;
        step.state = first.state;
        step.message = &message;
        struct esim_answer second = { .size = sizeof second };
        if (first.action != ESIM_END)
            flows->flows[i].step(&step, &second);
        assert(first.action == ESIM_END || second.action != ESIM_SEND ||
               second.send.repeat == ESIM_SAFE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const plays[])(struct esim_bytes) = { play_stream, play_state,
                                                        play_message };
    if (size == 0)
        return 0;
    if (memory == NULL) {
        memory = arena_create(16 << 20);
        esim_entry.start(&host);
    }
    plays[data[0] % 3]((struct esim_bytes){ (const char *)data + 1, size - 1 });
    return 0;
}
