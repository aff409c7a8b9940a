/* mytel_op.h - one operation of the Mytel adapter, step by step, and the carrier's answers
 * to it. */
#ifndef TESTS_MYTEL_OP_H
#define TESTS_MYTEL_OP_H

#include "mytel_play.h"

struct play {
    const char *capability;
    const char *input;
    const char *settings;
    const char *operation;
    int64_t now_ms;
    struct esim_bytes state;
    struct esim_answer answer;
};

static inline void step(struct play *play, esim_event event,
                        const struct esim_message *message)
{
    struct esim_step step = {
        .size = sizeof step,
        .event = event,
        .now_ms = play->now_ms,
        .random = { 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 10 },
        .state_version = 1,
        .attempt = 1,
        .operation = bytes(play->operation),
        .capability = bytes(play->capability),
        .state = play->state,
        .input = bytes(play->input),
        .settings = bytes(play->settings),
        .secrets = bytes(SECRETS),
        .message = message,
    };
    play->answer = (struct esim_answer){ .size = sizeof play->answer };
    flow_of(play->capability)(&step, &play->answer);
    if (play->answer.action != ESIM_END)
        play->state = play->answer.state;
}

static inline struct play begun(const char *capability, const char *input)
{
    struct play play = { .capability = capability,
                         .input = input,
                         .settings = SETTING,
                         .operation = OP,
                         .now_ms = NOW_MS };
    if (memory == NULL)
        start();
    step(&play, ESIM_START, NULL);
    return play;
}

static inline struct play ordered(void)
{
    return begun(ESIM_PROFILE_ORDER, "{\"profile_type\":\"P1\",\"eid\":\"" EID "\"}");
}

static inline void answer_with(struct play *play, struct esim_bytes body)
{
    struct esim_message message = { .size = sizeof message,
                                    .key = bytes(OP_KEY),
                                    .payload = body };
    step(play, ESIM_MESSAGE, &message);
}

static inline struct tlv_out coded(uint16_t code)
{
    struct tlv_out out = values();
    mytel_tlv_put_number(&out, TAG_CODE, code);
    return out;
}

static inline void answer_code(struct play *play, uint16_t code)
{
    struct tlv_out out = coded(code);
    answer_with(play, bytes_of(&out));
}

/* The reply of the document's example 6: Linked. */
static inline struct tlv_out ordered_results(void)
{
    struct tlv_out out = values();
    put_text(&out, TAG_ICCID, ICCID);
    mytel_tlv_put_number(&out, TAG_PROFILE_STATE, 3);
    put_text(&out, TAG_EID, EID);
    return out;
}

static inline struct tlv_out with_results(uint16_t code, const struct tlv_out *results)
{
    struct tlv_out out = coded(code);
    mytel_tlv_put(&out, TAG_RESULTS, results->bytes, results->size);
    return out;
}

static inline void answer_status(struct play *play, enum request_state state,
                                 const struct tlv_out *answer)
{
    struct tlv_out results = values();
    mytel_tlv_put_number(&results, TAG_REQUEST_STATE, state);
    if (answer != NULL)
        mytel_tlv_put(&results, TAG_ANSWER, answer->bytes, answer->size);
    struct tlv_out out = with_results(CODE_OK, &results);
    answer_with(play, bytes_of(&out));
}

/* ---- what is looked at ---- */

static inline void check_end(const struct play *play, esim_outcome outcome,
                             const char *code)
{
    CHECK_INT(play->answer.action, ESIM_END);
    CHECK_INT(play->answer.outcome, outcome);
    CHECK_TEXT(text(play->answer.problem.code), code);
    CHECK(play->answer.problem.message.size > 20 &&
          play->answer.problem.message.size < 256);
}

static inline void check_done(const struct play *play, const char *result)
{
    CHECK_INT(play->answer.action, ESIM_END);
    CHECK_INT(play->answer.outcome, ESIM_DONE);
    CHECK_TEXT(text(play->answer.result), result);
}

static inline void check_sent(const struct play *play, const char *name,
                              esim_repeat repeat)
{
    CHECK_INT(play->answer.action, ESIM_SEND);
    CHECK_TEXT(text(play->answer.send.name), name);
    CHECK_TEXT(text(play->answer.send.session), "mytel");
    CHECK_INT(play->answer.send.repeat, repeat);
}

#endif
