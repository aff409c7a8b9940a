#include "cell/step_codec.h"

#include <string.h>

#include "cell/fields.h"

enum {
    STATE_BYTES_MAX = 64 << 10, /* flow.h */
    INPUT_BYTES_MAX = 1 << 20,
    SETTINGS_BYTES_MAX = 1 << 20,
    PAYLOAD_BYTES_MAX = 1 << 20,
    BODY_BYTES_MAX = 16 << 20,
    KEY_BYTES_MAX = 256,
    NAME_BYTES_MAX = 64
};

/* ---- a step ---- */

enum { HAS_REPLY = 1, HAS_MESSAGE = 2 };

void step_encode(const struct esim_step *step, struct buf *ret)
{
    wire_put_u32(ret, (uint32_t)step->event);
    put_i64(ret, step->now_ms);
    wire_put_bytes(ret, slice_bytes(step->random, sizeof step->random));
    wire_put_u32(ret, step->state_version);
    wire_put_u32(ret, step->attempt);
    put_bytes(ret, step->operation);
    put_bytes(ret, step->capability);
    put_bytes(ret, step->state);
    put_bytes(ret, step->input);
    put_bytes(ret, step->settings);
    put_bytes(ret, step->secrets);
    wire_put_u32(ret, (step->reply != NULL ? HAS_REPLY : 0) |
                          (step->message != NULL ? HAS_MESSAGE : 0));
    if (step->reply != NULL) {
        wire_put_u32(ret, (uint32_t)step->reply->status);
        put_headers(ret, step->reply->headers, step->reply->header_count);
        put_bytes(ret, step->reply->body);
    }
    if (step->message != NULL) {
        put_bytes(ret, step->message->key);
        put_bytes(ret, step->message->payload);
    }
}

static void take_random(struct taker *taker, uint8_t ret[32])
{
    struct esim_bytes random = take_bytes(taker, "random", 32);
    if (random.size == 32)
        memcpy(ret, random.ptr, 32);
    else
        taker_break(taker, "random has %zu bytes, not 32", (size_t)random.size);
}

static const struct esim_reply *take_reply(struct taker *taker)
{
    struct esim_reply *reply = take_room(taker, 1, sizeof *reply);
    if (reply == NULL)
        return NULL;
    reply->size = sizeof *reply;
    reply->status = take_number(taker, "status", 0, 999);
    reply->headers = take_headers(taker, &reply->header_count);
    reply->body = take_bytes(taker, "body", BODY_BYTES_MAX);
    return reply;
}

static const struct esim_message *take_message(struct taker *taker)
{
    struct esim_message *message = take_room(taker, 1, sizeof *message);
    if (message == NULL)
        return NULL;
    message->size = sizeof *message;
    message->key = take_bytes(taker, "key", KEY_BYTES_MAX);
    message->payload = take_bytes(taker, "payload", PAYLOAD_BYTES_MAX);
    return message;
}

bool step_decode(struct slice payload, struct arena *arena, struct esim_step *ret,
                 struct err *err)
{
    struct taker taker = taker_of(payload, arena, err);
    struct esim_step step = { .size = sizeof step };
    step.event = take_number(&taker, "event", ESIM_START, ESIM_AGAIN);
    step.now_ms = take_i64(&taker, "now", INT64_MIN);
    take_random(&taker, step.random);
    step.state_version = wire_u32(&taker.reader);
    step.attempt = wire_u32(&taker.reader);
    step.operation = take_bytes(&taker, "operation", NAME_BYTES_MAX);
    step.capability = take_bytes(&taker, "capability", ESIM_CAPABILITY_SIZE);
    step.state = take_bytes(&taker, "state", STATE_BYTES_MAX);
    step.input = take_bytes(&taker, "input", INPUT_BYTES_MAX);
    step.settings = take_bytes(&taker, "settings", SETTINGS_BYTES_MAX);
    step.secrets = take_bytes(&taker, "secrets", SETTINGS_BYTES_MAX);
    int32_t has = take_number(&taker, "parts", 0, HAS_REPLY | HAS_MESSAGE);
    step.reply = has & HAS_REPLY ? take_reply(&taker) : NULL;
    step.message = has & HAS_MESSAGE ? take_message(&taker) : NULL;
    if (!taker_done(&taker))
        return err_wrap(err, "step");
    *ret = step;
    return true;
}

/* ---- an answer ---- */

/* The parts an answer may have. They travel when they are not empty, so that the host
 * sees a part that does not belong to the action. */
enum {
    PART_ASK = 1,
    PART_SEND = 2,
    PART_KEY = 4,
    PART_UNTIL = 8,
    PART_RESULT = 16,
    PART_PROBLEM = 32,
    PART_ALL = 63
};

static uint32_t parts_needed(esim_action action, esim_outcome outcome)
{
    static const uint32_t of_action[] = {
        [ESIM_ASK] = PART_ASK,     [ESIM_SEND] = PART_SEND,
        [ESIM_WAIT] = PART_UNTIL,  [ESIM_AWAIT] = PART_KEY | PART_UNTIL,
        [ESIM_END] = PART_PROBLEM,
    };
    if (action < ESIM_ASK || action > ESIM_END)
        return 0;
    return action == ESIM_END && outcome == ESIM_DONE ? PART_RESULT : of_action[action];
}

static uint32_t parts_filled(const struct esim_answer *answer)
{
    const struct esim_ask *ask = &answer->ask;
    const struct esim_send *send = &answer->send;
    const struct esim_problem *problem = &answer->problem;
    uint32_t parts = 0;
    parts |= ask->endpoint.size || ask->path.size || ask->body.size ? PART_ASK : 0;
    parts |= send->session.size || send->key.size || send->payload.size ? PART_SEND : 0;
    parts |= answer->key.size ? PART_KEY : 0;
    parts |= answer->until_ms != 0 ? PART_UNTIL : 0;
    parts |= answer->result.size ? PART_RESULT : 0;
    parts |= problem->code.size || problem->message.size ? PART_PROBLEM : 0;
    return parts | parts_needed(answer->action, answer->outcome);
}

static void put_ask(struct buf *ret, const struct esim_ask *ask)
{
    wire_put_u32(ret, (uint32_t)ask->repeat);
    wire_put_u32(ret, ask->flags);
    wire_put_u32(ret, ask->timeout_ms);
    put_bytes(ret, ask->name);
    put_bytes(ret, ask->endpoint);
    put_bytes(ret, ask->method);
    put_bytes(ret, ask->path);
    put_headers(ret, ask->headers, ask->header_count);
    put_bytes(ret, ask->body);
}

static void put_send(struct buf *ret, const struct esim_send *send)
{
    wire_put_u32(ret, (uint32_t)send->repeat);
    wire_put_u32(ret, send->flags);
    wire_put_u32(ret, send->timeout_ms);
    put_bytes(ret, send->name);
    put_bytes(ret, send->session);
    put_bytes(ret, send->key);
    put_bytes(ret, send->payload);
}

static void put_problem(struct buf *ret, const struct esim_problem *problem)
{
    wire_put_u32(ret, (uint32_t)problem->retry_after_s);
    put_bytes(ret, problem->code);
    put_bytes(ret, problem->message);
    put_bytes(ret, problem->carrier_code);
}

void answer_encode(const struct esim_answer *answer, struct buf *ret)
{
    uint32_t parts = parts_filled(answer);
    wire_put_u32(ret, (uint32_t)answer->action);
    wire_put_u32(ret, (uint32_t)answer->outcome);
    wire_put_u32(ret, answer->state_version);
    wire_put_u32(ret, parts);
    put_bytes(ret, answer->state);
    if (parts & PART_ASK)
        put_ask(ret, &answer->ask);
    if (parts & PART_SEND)
        put_send(ret, &answer->send);
    if (parts & PART_KEY)
        put_bytes(ret, answer->key);
    if (parts & PART_UNTIL)
        put_i64(ret, answer->until_ms);
    if (parts & PART_RESULT)
        put_bytes(ret, answer->result);
    if (parts & PART_PROBLEM)
        put_problem(ret, &answer->problem);
}

static void check_method(struct taker *taker, struct esim_bytes method)
{
    static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
    struct slice asked = slice_bytes(method.ptr, method.size);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (slice_is(asked, methods[i]))
            return;
    taker_break(taker, "method is %.*s, not GET, POST, PUT, PATCH or DELETE",
                (int)method.size, method.size == 0 ? "" : method.ptr);
}

/* Headers that frame the message or name the host belong to the host (RFC 9112 6). */
static void check_own_headers(struct taker *taker, const struct esim_ask *ask)
{
    static const char *const ours[] = {
        "Host",    "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "TE",
        "Trailer", "Expect",         "Keep-Alive",        "traceparent"
    };
    for (uint64_t i = 0; i < ask->header_count; i++)
        for (size_t j = 0; j < sizeof ours / sizeof ours[0]; j++)
            if (slice_is_nocase(
                    slice_bytes(ask->headers[i].name.ptr, ask->headers[i].name.size),
                    ours[j]))
                taker_break(taker, "header %s is the host's to write", ours[j]);
}

static void take_ask(struct taker *taker, struct esim_ask *ret)
{
    ret->size = sizeof *ret;
    ret->repeat = take_number(taker, "repeat", ESIM_SAFE, ESIM_ONCE);
    ret->flags = (uint32_t)take_number(taker, "flags", 0, ESIM_REWRITE);
    ret->timeout_ms = (uint32_t)take_number(taker, "timeout_ms", 0, 3600 * 1000);
    ret->name = take_text(taker, "name", TEXT_LABEL, 1, NAME_BYTES_MAX);
    ret->endpoint = take_text(taker, "endpoint", TEXT_NAME, 1, NAME_BYTES_MAX);
    ret->method = take_text(taker, "method", TEXT_TOKEN, 1, 16);
    ret->path = take_text(taker, "path", TEXT_PATH, 1, HEADER_BYTES_MAX);
    ret->headers = take_headers(taker, &ret->header_count);
    ret->body = take_bytes(taker, "body", BODY_BYTES_MAX);
    if (taker->reader.failed)
        return;
    check_method(taker, ret->method);
    check_own_headers(taker, ret);
}

static void take_send(struct taker *taker, struct esim_send *ret)
{
    ret->size = sizeof *ret;
    ret->repeat = take_number(taker, "repeat", ESIM_SAFE, ESIM_ONCE);
    ret->flags = (uint32_t)take_number(taker, "flags", 0, ESIM_REWRITE);
    ret->timeout_ms = (uint32_t)take_number(taker, "timeout_ms", 0, INT32_MAX);
    ret->name = take_text(taker, "name", TEXT_LABEL, 1, NAME_BYTES_MAX);
    ret->session = take_text(taker, "session", TEXT_NAME, 1, NAME_BYTES_MAX);
    ret->key = take_text(taker, "key", TEXT_WORDS, 1, KEY_BYTES_MAX);
    ret->payload = take_bytes(taker, "payload", PAYLOAD_BYTES_MAX);
}

static void take_problem(struct taker *taker, struct esim_problem *ret)
{
    ret->size = sizeof *ret;
    ret->retry_after_s = take_number(taker, "retry_after_s", -1, INT32_MAX);
    ret->code = take_text(taker, "problem code", TEXT_NAME, 1, NAME_BYTES_MAX);
    ret->message = take_text(taker, "problem message", TEXT_WORDS, 1, 1024);
    ret->carrier_code = take_text(taker, "carrier code", TEXT_WORDS, 0, 128);
}

static void take_parts(struct taker *taker, uint32_t parts, struct esim_answer *ret)
{
    if (parts & PART_ASK)
        take_ask(taker, &ret->ask);
    if (parts & PART_SEND)
        take_send(taker, &ret->send);
    if (parts & PART_KEY)
        ret->key = take_text(taker, "key", TEXT_WORDS, 1, KEY_BYTES_MAX);
    if (parts & PART_UNTIL)
        ret->until_ms = take_i64(taker, "until_ms", 0);
    if (parts & PART_RESULT)
        ret->result = take_bytes(taker, "result", BODY_BYTES_MAX);
    if (parts & PART_PROBLEM)
        take_problem(taker, &ret->problem);
}

static bool decode_answer(struct taker *taker, struct esim_answer *ret)
{
    ret->size = sizeof *ret;
    ret->action = take_number(taker, "action", ESIM_ASK, ESIM_END);
    bool is_end = ret->action == ESIM_END;
    ret->outcome = take_number(taker, "outcome", is_end ? ESIM_DONE : 0,
                               is_end ? ESIM_UNKNOWN : 0);
    ret->state_version = wire_u32(&taker->reader);
    uint32_t parts = (uint32_t)take_number(taker, "parts", 0, PART_ALL);
    ret->state = take_bytes(taker, "state", STATE_BYTES_MAX);
    if (!taker->reader.failed && parts != parts_needed(ret->action, ret->outcome))
        return taker_break(
            taker, "action %d (outcome %d) came with parts 0x%x, not 0x%x", ret->action,
            ret->outcome, parts, parts_needed(ret->action, ret->outcome));
    take_parts(taker, parts, ret);
    return taker_done(taker);
}

bool answer_decode(struct slice payload, struct arena *arena, struct esim_answer *ret,
                   struct err *err)
{
    struct taker taker = taker_of(payload, arena, err);
    struct esim_answer answer = { 0 };
    if (!decode_answer(&taker, &answer)) {
        taker_done(&taker);
        return err_wrap(err, "answer");
    }
    *ret = answer;
    return true;
}
