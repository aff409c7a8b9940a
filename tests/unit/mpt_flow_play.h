/* mpt_flow_play.h - one operation of the MPT adapter, followed from step to step. */
#ifndef TESTS_MPT_FLOW_PLAY_H
#define TESTS_MPT_FLOW_PLAY_H

#include "mpt_play.h"

#include "../../plugins/mpt/message.h"
#include "../../plugins/mpt/reference.h"

/* clang-format off */
#define SETTINGS                                                                        \
    "{\"source\":\"8888\",\"command_to\":\"1332\",\"reply_ms\":300000,\"commands\":{"   \
    "\"line.activate\":{\"text\":\"ACT {{msisdn}} {{plan?}} {{ref}}\",\"replies\":["    \
    "{\"match\":\"OK {{ref}}\",\"means\":\"done\"},"                                    \
    "{\"match\":\"OK {{ref}} {{carrier_ref}} {{line_state}}\",\"means\":\"done\"},"     \
    "{\"match\":\"WAIT {{ref}}\",\"means\":\"wait\"},"                                  \
    "{\"match\":\"ERR {{ref}} 12\",\"means\":\"refused\",\"code\":\"line_unknown\","    \
    "\"message\":\"Check the number.\"},"                                               \
    "{\"match\":\"ERR {{ref}} {{code}}\",\"means\":\"refused\"},"                       \
    "{\"match\":\"BUSY {{ref}}\",\"means\":\"busy\"}]},"                                \
    "\"line.suspend\":{\"text\":\"SUS {{msisdn}} {{ref}}\"},"                           \
    "\"line.resume\":{\"text\":\"RES {{msisdn}} {{ref}}\"},"                            \
    "\"line.terminate\":{\"text\":\"DEL {{msisdn}} {{ref}}\",\"to\":\"1444\"},"         \
    "\"profile.order\":{\"text\":\"ESIM {{eid?}} {{iccid?}} {{ref}}\",\"replies\":["    \
    "{\"match\":\"ESIM {{ref}} {{iccid}} {{activation_code}}\",\"means\":\"done\"},"    \
    "{\"match\":\"PARTS {{ref}} {{iccid}} {{smdp_address}} {{matching_id}}\","          \
    "\"means\":\"done\"},{\"match\":\"TAKEN {{ref}}\",\"means\":\"done\"}]}},"          \
    "\"replies\":[{\"match\":\"DONE {{ref}}\",\"means\":\"done\"}]}"
/* clang-format on */

#define MSISDN "{\"msisdn\":\"+959123456\"}"

/* One operation, followed from step to step. */
static struct {
    const char *capability, *input, *settings;
    char state[8192];
    size_t state_size;
    int64_t now_ms;
    uint32_t attempt;
    struct esim_answer answer;
} op;

static inline esim_step_fn flow(void)
{
    const struct esim_flows *flows = esim_entry.ability(ESIM_ABILITY_FLOWS);
    for (uint32_t i = 0; i < flows->count; i++)
        if (strcmp(flows->flows[i].capability, op.capability) == 0)
            return flows->flows[i].step;
    return NULL;
}

static inline void step(esim_event event, const char *payload)
{
    struct esim_message message = { .size = sizeof message,
                                    .key = bytes("key"),
                                    .payload = bytes(payload) };
    struct esim_step step = {
        .size = sizeof step,
        .event = event,
        .now_ms = op.now_ms,
        .state_version = 1,
        .attempt = op.attempt,
        .operation = bytes(OP),
        .capability = bytes(op.capability),
        .state = { op.state, op.state_size },
        .input = bytes(op.input),
        .settings = bytes(op.settings),
        .secrets = bytes("{}"),
        .message = event == ESIM_MESSAGE ? &message : NULL,
    };
    op.answer = (struct esim_answer){ .size = sizeof op.answer };
    flow()(&step, &op.answer);
    CHECK(op.answer.state.size < sizeof op.state);
    op.state_size = op.answer.state.size;
    if (op.state_size > 0)
        memcpy(op.state, op.answer.state.ptr, op.state_size);
}

static inline void begin(const char *capability, const char *input)
{
    start();
    memset(&op, 0, sizeof op);
    op.capability = capability;
    op.input = input;
    op.settings = SETTINGS;
    op.now_ms = NOW;
    op.attempt = 1;
    step(ESIM_START, NULL);
}

static inline const char *reference(void)
{
    static struct reference made;
    reference_of(bytes(OP), REFERENCE_LETTERS, &made);
    return made.text;
}

/* ---- what comes ---- */

static inline void responds(uint32_t status, const char *id)
{
    struct mpt_answer part = { status, id };
    step(ESIM_MESSAGE, text(mpt_response_write(op.attempt, &part, 1)));
}

static inline void tells(const char *id, enum smpp_state state)
{
    step(ESIM_MESSAGE, text(mpt_receipt_write(id, state, "")));
}

static inline void queried(uint32_t status, enum smpp_state state)
{
    step(ESIM_MESSAGE, text(mpt_state_write(op.attempt, status, state, 0)));
}

static inline void replies(const char *format)
{
    char words[1024];
    const char *at = strstr(format, "REF");
    int head = at == NULL ? (int)strlen(format) : (int)(at - format);
    int size = snprintf(words, sizeof words, "%.*s%s%s", head, format,
                        at == NULL ? "" : reference(), at == NULL ? "" : at + 3);
    CHECK(size > 0);
    step(ESIM_MESSAGE, text(mpt_reply_write(bytes("1332"), bytes(words))));
}

static inline void nothing_comes(void)
{
    op.now_ms = op.answer.action == ESIM_AWAIT ? op.answer.until_ms : op.now_ms + 30000;
    step(ESIM_SILENCE, NULL);
}

/* ---- what is done ---- */

static inline void awaits(const char *key, int64_t after_ms)
{
    CHECK_INT(op.answer.action, ESIM_AWAIT);
    CHECK_TEXT(text(op.answer.key), key);
    CHECK_INT(op.answer.until_ms - op.now_ms, after_ms);
}

static inline void sends(const char *key, esim_repeat repeat)
{
    CHECK_INT(op.answer.action, ESIM_SEND);
    CHECK_TEXT(text(op.answer.send.session), "smsc");
    CHECK_TEXT(text(op.answer.send.key), key);
    CHECK_INT(op.answer.send.repeat, repeat);
}

static inline void ends(esim_outcome outcome, const char *code)
{
    CHECK_INT(op.answer.action, ESIM_END);
    CHECK_INT(op.answer.outcome, outcome);
    CHECK_TEXT(text(op.answer.problem.code), code);
}

static inline void ends_done(const char *result)
{
    ends(ESIM_DONE, "");
    CHECK_TEXT(text(op.answer.result), result);
}

static inline struct smpp_pdu sent_part(size_t at, uint32_t command)
{
    struct mpt_submit submit;
    struct smpp_pdu pdu = { 0 };
    CHECK(mpt_submit_read(op.answer.send.payload, &submit));
    CHECK_INT(submit.command, command);
    CHECK_INT(submit.attempt, op.attempt);
    if (at >= submit.count) {
        CHECK(false);
        return pdu;
    }
    size_t room = submit.bodies[at].size + SMPP_HEADER_SIZE;
    struct smpp_out out = smpp_out_to(host_alloc(room), room);
    smpp_write_header(&out, command, 0, 1, submit.bodies[at].size);
    smpp_put_run(&out, submit.bodies[at]);
    CHECK_INT(smpp_read(smpp_written(&out), &pdu), SMPP_ROK);
    return pdu;
}

#endif
