#include <string.h>

#include "cell/fields.h"
#include "cell/step_codec.h"

enum {
    SESSION_STATE_MAX = (256 << 10) + SESSION_STATE_HEAD_BYTES, /* session.h */
    ACTS_MAX = 256,
    ACT_BYTES_MAX = 1 << 20,
    KEY_MAX = 256
};

void session_step_encode(struct slice session, const struct esim_session_step *step,
                         struct buf *ret)
{
    wire_put_bytes(ret, session);
    wire_put_u32(ret, (uint32_t)step->event);
    put_i64(ret, step->now_ms);
    wire_put_bytes(ret, slice_bytes(step->random, sizeof step->random));
    put_bytes(ret, step->state);
    put_bytes(ret, step->settings);
    put_bytes(ret, step->secrets);
    put_bytes(ret, step->key);
    put_bytes(ret, step->bytes);
}

bool session_step_decode(struct slice payload, struct slice *ret_session,
                         struct esim_session_step *ret, struct err *err)
{
    struct taker taker = taker_of(payload, NULL, err);
    struct esim_session_step step = { .size = sizeof step };
    struct esim_bytes session = take_text(&taker, "session", TEXT_NAME, 1,
                                          ESIM_NAME_SIZE - 1);
    step.event = take_number(&taker, "event", ESIM_OPENED, ESIM_DRAIN);
    step.now_ms = take_i64(&taker, "now", INT64_MIN);
    struct esim_bytes random = take_bytes(&taker, "random", sizeof step.random);
    if (random.size == sizeof step.random)
        memcpy(step.random, random.ptr, sizeof step.random);
    else
        taker_break(&taker, "random has %zu bytes, not 32", (size_t)random.size);
    step.state = take_bytes(&taker, "state", SESSION_STATE_MAX);
    step.settings = take_bytes(&taker, "settings", ACT_BYTES_MAX);
    step.secrets = take_bytes(&taker, "secrets", ACT_BYTES_MAX);
    step.key = take_bytes(&taker, "key", KEY_MAX);
    step.bytes = take_bytes(&taker, "bytes", 16 << 20);
    if (!taker_done(&taker))
        return err_wrap(err, "session step");
    *ret_session = slice_bytes(session.ptr, session.size);
    *ret = step;
    return true;
}

void session_answer_encode(const struct esim_session_answer *answer, struct buf *ret)
{
    put_bytes(ret, answer->state);
    wire_put_u32(ret, answer->act_count > UINT32_MAX ? UINT32_MAX
                                                     : (uint32_t)answer->act_count);
    for (uint64_t i = 0; i < answer->act_count && buf_ok(ret); i++) {
        const struct esim_act *act = &answer->acts[i];
        wire_put_u32(ret, (uint32_t)act->kind);
        put_i64(ret, act->number);
        put_bytes(ret, act->key);
        put_bytes(ret, act->bytes);
    }
}

/* What each kind of act must and may carry (session.h). */
/* clang-format off */
static const struct {
    const char *name;
    size_t key_least, key_most, bytes_least, bytes_most;
    int64_t number_least, number_most;
} act_rules[] = {
    [ESIM_ACT_WRITE]   = { "WRITE",   0, KEY_MAX, 1, ACT_BYTES_MAX, 0, INT64_MAX },
    [ESIM_ACT_READY]   = { "READY",   0, 0,       0, 0,             0, 65535 },
    [ESIM_ACT_DELIVER] = { "DELIVER", 1, KEY_MAX, 0, ACT_BYTES_MAX, 0, INT64_MAX },
    [ESIM_ACT_LOST]    = { "LOST",    1, KEY_MAX, 0, 1024,          0, INT64_MAX },
    [ESIM_ACT_REPORT]  = { "REPORT",  0, KEY_MAX, 1, ACT_BYTES_MAX, 0, INT64_MAX },
    [ESIM_ACT_TIMER]   = { "TIMER",   0, 0,       0, 0,             0, INT64_MAX },
    [ESIM_ACT_CLOSE]   = { "CLOSE",   0, 0,       0, 1024,         -1, INT64_MAX },
    [ESIM_ACT_BACK]    = { "BACK",    1, KEY_MAX, 0, 1024,          0, INT64_MAX },
};
/* clang-format on */

static void take_act(struct taker *taker, struct esim_act *ret)
{
    ret->kind = take_number(taker, "act", ESIM_ACT_WRITE, ESIM_ACT_BACK);
    ret->number = take_i64(taker, "number", INT64_MIN);
    ret->key = take_text(taker, "key", TEXT_WORDS, 0, KEY_MAX);
    ret->bytes = take_bytes(taker, "bytes", ACT_BYTES_MAX);
    if (taker->reader.failed)
        return;
    const char *name = act_rules[ret->kind].name;
    if (ret->key.size < act_rules[ret->kind].key_least ||
        ret->key.size > act_rules[ret->kind].key_most)
        taker_break(taker, "act %s has a key of %zu bytes", name,
                    (size_t)ret->key.size);
    if (ret->bytes.size < act_rules[ret->kind].bytes_least ||
        ret->bytes.size > act_rules[ret->kind].bytes_most)
        taker_break(taker, "act %s has %zu bytes", name, (size_t)ret->bytes.size);
    if (ret->number < act_rules[ret->kind].number_least ||
        ret->number > act_rules[ret->kind].number_most)
        taker_break(taker, "act %s has number %lld", name, (long long)ret->number);
}

bool session_answer_decode(struct slice payload, struct arena *arena,
                           struct esim_session_answer *ret, struct err *err)
{
    struct taker taker = taker_of(payload, arena, err);
    struct esim_session_answer answer = { .size = sizeof answer };
    answer.state = take_bytes(&taker, "state", SESSION_STATE_MAX);
    uint32_t count = (uint32_t)take_number(&taker, "act count", 0, ACTS_MAX);
    struct esim_act *acts = take_room(&taker, count, sizeof *acts);
    for (uint32_t i = 0; acts != NULL && i < count && !taker.broken; i++)
        take_act(&taker, &acts[i]);
    if (!taker_done(&taker))
        return err_wrap(err, "session answer");
    answer.acts = acts;
    answer.act_count = count;
    *ret = answer;
    return true;
}
