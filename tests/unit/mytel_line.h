/* mytel_line.h - one kept session of the Mytel adapter, driven event by event as the host
 * does, with the carrier's frames numbered for it. */
#ifndef TESTS_MYTEL_LINE_H
#define TESTS_MYTEL_LINE_H

#include "mytel_play.h"

enum { LINE_STATE_MOST = 256 * 1024 };

struct line {
    struct esim_bytes state;
    int64_t now_ms;
    const char *settings, *secrets;
    uint32_t sequence; /* Of the carrier's last frame. */
    struct esim_session_answer answer;
};

static inline const struct esim_session *the_session(void)
{
    const struct esim_sessions *sessions = esim_entry.ability(ESIM_ABILITY_SESSION);
    return &sessions->sessions[0];
}

static inline void tell_bytes(struct line *line, esim_session_event event,
                              struct esim_bytes key, struct esim_bytes given)
{
    struct esim_session_step step = {
        .size = sizeof step,
        .event = event,
        .now_ms = line->now_ms,
        .state = line->state,
        .settings = bytes(line->settings),
        .secrets = bytes(line->secrets),
        .key = key,
        .bytes = given,
        .state_version = 1,
    };
    for (size_t i = 0; i < sizeof step.random; i++)
        step.random[i] = (uint8_t)i;
    line->answer = (struct esim_session_answer){ .size = sizeof line->answer };
    the_session()->step(&step, &line->answer);
    line->state = line->answer.state;
    CHECK(line->answer.act_count <= 256);
    CHECK(line->state.size <= LINE_STATE_MOST);
}

static inline void tell(struct line *line, esim_session_event event)
{
    tell_bytes(line, event, bytes(""), bytes(""));
}

static inline struct line opened(void)
{
    struct line line = { .now_ms = NOW_MS, .settings = SETTING, .secrets = SECRETS };
    start();
    tell(&line, ESIM_OPENED);
    return line;
}

/* A frame with the next sequence. */
static inline void hear(struct line *line, uint8_t type, uint32_t answers,
                        const struct tlv_out *body)
{
    struct esim_bytes frame = frame_of(type, ++line->sequence, answers, body);
    tell_bytes(line, ESIM_FRAME, bytes(""), frame);
}

static inline void hear_example(struct line *line, int n)
{
    struct mytel_frame frame = { 0 };
    struct esim_bytes given = example(n);
    CHECK_INT(mytel_frame_read(given.ptr, given.size, &frame), CLOSE_NONE);
    line->sequence = frame.sequence;
    tell_bytes(line, ESIM_FRAME, bytes(""), given);
}

/* Logged in as the document's example is. */
static inline struct line bound(void)
{
    struct line line = opened();
    hear_example(&line, 2);
    hear_example(&line, 4);
    return line;
}

/* ---- what it answered ---- */

static inline const struct esim_act *act_of(const struct line *line, esim_act_kind kind)
{
    for (uint64_t i = 0; i < line->answer.act_count; i++)
        if (line->answer.acts[i].kind == kind)
            return &line->answer.acts[i];
    return NULL;
}

static inline size_t count_of(const struct line *line, esim_act_kind kind)
{
    size_t count = 0;
    for (uint64_t i = 0; i < line->answer.act_count; i++)
        count += line->answer.acts[i].kind == kind;
    return count;
}

static inline bool wrote(const struct line *line, struct esim_bytes expected)
{
    const struct esim_act *act = act_of(line, ESIM_ACT_WRITE);
    return act != NULL && same(act->bytes, expected);
}

/* The frame that was written; its type is 0 when there was none. */
static inline struct mytel_frame written(const struct line *line)
{
    struct mytel_frame frame = { 0 };
    const struct esim_act *act = act_of(line, ESIM_ACT_WRITE);
    if (act != NULL)
        CHECK_INT(mytel_frame_read(act->bytes.ptr, act->bytes.size, &frame),
                  CLOSE_NONE);
    return frame;
}

/* The reason in the CLOSE that was written; 0 when there was none. */
static inline uint64_t close_reason(const struct line *line)
{
    struct mytel_frame frame = written(line);
    uint64_t reason = 0;
    if (frame.type == FRAME_CLOSE)
        mytel_tlv_number((struct tlv_list){ frame.body, frame.body_size }, TAG_REASON,
                         &reason);
    return reason;
}

/* How long the host is to wait; INT64_MIN when the connection stays. */
static inline int64_t close_retry_ms(const struct line *line)
{
    const struct esim_act *act = act_of(line, ESIM_ACT_CLOSE);
    return act == NULL ? INT64_MIN : act->number;
}

static inline int64_t ready(const struct line *line)
{
    const struct esim_act *act = act_of(line, ESIM_ACT_READY);
    return act == NULL ? -1 : act->number;
}

/* ---- requests ---- */

static inline const char *key_number(unsigned n)
{
    char *key = host_alloc(33);
    CHECK_INT(snprintf(key, 33, "%032x", n), 32);
    return key;
}

static inline void submit(struct line *line, unsigned n)
{
    struct tlv_out out = values();
    uint8_t id[16] = { 0 };
    id[14] = (uint8_t)(n >> 8);
    id[15] = (uint8_t)n;
    mytel_tlv_put(&out, TAG_REQUEST_ID, id, sizeof id);
    mytel_tlv_put_number(&out, TAG_OPERATION, OP_PROFILE_STATUS);
    tell_bytes(line, ESIM_SUBMIT, bytes(key_number(n)), bytes_of(&out));
}

static inline void reply(struct line *line, unsigned n, uint32_t answers, uint16_t code)
{
    struct tlv_out out = values();
    uint8_t id[16] = { 0 };
    id[14] = (uint8_t)(n >> 8);
    id[15] = (uint8_t)n;
    mytel_tlv_put(&out, TAG_REQUEST_ID, id, sizeof id);
    mytel_tlv_put_number(&out, TAG_CODE, code);
    hear(line, FRAME_REPLY, answers, &out);
}

#endif
