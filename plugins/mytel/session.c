/* Each step: read the kept state, take the event, say what to do, keep the state. When to
 * be called again is looked at last, once for all reasons. */
#include "session.h"

#include <string.h>

#include "esim/exchange.h"
#include "memory.h"
#include "session_inner.h"
#include "wire_codes.h"

enum {
    ACTS_OF_ONE_EVENT = 8,
    CLOSE_ROOM = 16,
    REFUSED = -1,     /* Credentials: the host tells a person and tries slowly. */
    USUAL = 0,        /* The host's backoff. */
    TELL_MS = 300000, /* Somebody has to change something first. */
    RETRY_MOST_MS = 3600000
};

static const struct esim_bytes nothing = { NULL, 0 };

int64_t mytel_session_frame(struct esim_bytes bytes)
{
    return mytel_frame_length(bytes.ptr, (size_t)bytes.size);
}

/* ---- acts ---- */

void turn_act(struct turn *turn, esim_act_kind kind, int64_t number,
              struct esim_bytes key, struct esim_bytes bytes)
{
    if (turn->answer->act_count < turn->act_room)
        turn->acts[turn->answer->act_count++] = (struct esim_act){
            .kind = kind, .number = number, .key = key, .bytes = bytes
        };
}

struct tlv_out turn_values(size_t room)
{
    struct tlv_out out = { .bytes = mytel_alloc(room), .room = room };
    out.full = out.bytes == NULL;
    return out;
}

struct tlv_list turn_body(const struct mytel_frame *frame)
{
    return (struct tlv_list){ frame->body, frame->body_size };
}

bool turn_write(struct turn *turn, struct mytel_frame *frame, struct esim_bytes key)
{
    size_t room = FRAME_LEAST + frame->body_size;
    uint8_t *bytes = room > turn->state.frame_most ? NULL : mytel_alloc(room);
    if (bytes == NULL)
        return false;
    frame->version = MYTEL_VERSION;
    frame->sequence = turn->state.sent + 1;
    size_t size = mytel_frame_write(frame, bytes, room);
    if (size == 0)
        return false;
    turn->state.sent++;
    turn->state.sent_ms = turn->step->now_ms;
    turn_act(turn, ESIM_ACT_WRITE, 0, key, (struct esim_bytes){ (char *)bytes, size });
    return true;
}

/* ---- the end ---- */

/* What a reason means for the next try (PROTOCOL.md 12). Others: USUAL. */
static const int64_t retries_ms[CLOSE_REASON_COUNT] = {
    [CLOSE_BAD_CREDENTIALS] = REFUSED,
    [CLOSE_BARRED] = REFUSED,
    [CLOSE_UNSUPPORTED_VERSION] = TELL_MS,
    [CLOSE_CLOCK] = TELL_MS,
};

void turn_hang_up(struct turn *turn, const char *why, int64_t retry_ms)
{
    turn->state.phase = PHASE_OVER;
    turn_act(turn, ESIM_ACT_CLOSE, retry_ms, nothing, esim_text(why));
}

void turn_close(struct turn *turn, enum close_reason reason, uint32_t answers,
                const char *why)
{
    struct tlv_out out = turn_values(CLOSE_ROOM);
    mytel_tlv_put_number(&out, TAG_REASON, reason);
    struct mytel_frame close = { .type = FRAME_CLOSE,
                                 .answers = answers,
                                 .body = out.bytes,
                                 .body_size = out.size };
    turn_write(turn, &close, nothing);
    turn_hang_up(turn, why, retries_ms[reason]);
}

/* ---- frames ---- */

static const char *const reasons[CLOSE_REASON_COUNT] = {
    [CLOSE_NONE] = "the carrier said goodbye",
    [CLOSE_NORMAL] = "the carrier said goodbye",
    [CLOSE_GOING_AWAY] = "the carrier is going away for a while",
    [CLOSE_BAD_CREDENTIALS] =
        "unauthorised: the carrier does not accept client_id and secret",
    [CLOSE_UNSUPPORTED_VERSION] = "the carrier speaks another version",
    [CLOSE_PROTOCOL] = "the carrier complains about our protocol",
    [CLOSE_BAD_CHECKSUM] = "the carrier got a wrong checksum",
    [CLOSE_BAD_LENGTH] = "the carrier got a wrong length",
    [CLOSE_BAD_SEQUENCE] = "the carrier got a wrong sequence",
    [CLOSE_SILENT] = "the carrier heard nothing of us",
    [CLOSE_TOO_MANY_SESSIONS] = "the carrier has too many sessions of ours",
    [CLOSE_LOGIN_TIMEOUT] = "the carrier waited too long for our login",
    [CLOSE_BARRED] = "unauthorised: the carrier has barred our client",
    [CLOSE_CLOCK] = "the carrier complains about our clock",
};

static void on_close(struct turn *turn, const struct mytel_frame *frame)
{
    uint64_t number = CLOSE_PROTOCOL, retry_ms = 0;
    mytel_tlv_number(turn_body(frame), TAG_REASON, &number);
    bool asks = mytel_tlv_number(turn_body(frame), TAG_RETRY_AFTER_MS, &retry_ms);
    size_t reason = number < CLOSE_REASON_COUNT ? (size_t)number : CLOSE_PROTOCOL;
    int64_t after_ms = retry_ms < RETRY_MOST_MS ? (int64_t)retry_ms : RETRY_MOST_MS;
    bool is_free = retries_ms[reason] == USUAL; /* The reason says nothing itself. */
    turn_hang_up(turn, reasons[reason],
                 asks && is_free ? after_ms : retries_ms[reason]);
}

static void on_ping(struct turn *turn, const struct mytel_frame *frame)
{
    struct mytel_frame pong = { .type = FRAME_PONG, .answers = frame->sequence };
    turn_write(turn, &pong, nothing);
}

static void on_pong(struct turn *turn, const struct mytel_frame *frame)
{
    (void)turn; /* That it came is what counts. */
    (void)frame;
}

/* clang-format off */
static const struct {
    uint8_t type;
    uint8_t phase; /* 0: any */
    void (*take)(struct turn *turn, const struct mytel_frame *frame);
} frames[] = {
    { FRAME_CHALLENGE, PHASE_HELLO, login_on_challenge },
    { FRAME_WELCOME,   PHASE_LOGIN, login_on_welcome },
    { FRAME_CLOSE,     0,           on_close },
    { FRAME_PING,      PHASE_OPEN,  on_ping },
    { FRAME_PONG,      PHASE_OPEN,  on_pong },
    { FRAME_WINDOW,    PHASE_OPEN,  request_on_window },
    { FRAME_REPLY,     PHASE_OPEN,  request_on_reply },
    { FRAME_EVENT,     PHASE_OPEN,  event_on_event },
};
/* clang-format on */

static void take_frame(struct turn *turn, const struct mytel_frame *frame)
{
    uint8_t phase = turn->state.phase;
    uint16_t tag = 0;
    if (mytel_tlv_check_top(turn_body(frame), &tag) != TLV_SOUND) {
        turn_close(turn, CLOSE_PROTOCOL, frame->sequence,
                   "a frame of the carrier holds values that cannot be read");
        return;
    }
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++)
        if (frames[i].type == frame->type &&
            (frames[i].phase == 0 || frames[i].phase == phase)) {
            frames[i].take(turn, frame);
            return;
        }
    if (frame->type < FRAME_OPTIONAL || phase != PHASE_OPEN)
        turn_close(turn, CLOSE_PROTOCOL, frame->sequence,
                   "a frame of the carrier does not belong here");
}

/* PROTOCOL.md 2, in its order. */
static void on_frame(struct turn *turn)
{
    struct session_state *state = &turn->state;
    struct mytel_frame frame = { 0 };
    enum close_reason wrong = mytel_frame_read(turn->step->bytes.ptr,
                                               (size_t)turn->step->bytes.size, &frame);
    if (wrong == CLOSE_BAD_CHECKSUM) {
        turn_close(turn, wrong, 0, "a frame of the carrier has a wrong checksum");
    } else if (wrong != CLOSE_NONE) {
        turn_close(turn, wrong, 0, "a frame of the carrier has a wrong length");
    } else if (frame.version != MYTEL_VERSION) {
        turn_close(turn, CLOSE_PROTOCOL, 0,
                   "a frame of the carrier has another version");
    } else if (frame.sequence != state->received + 1) {
        turn_close(turn, CLOSE_BAD_SEQUENCE, 0,
                   "a frame of the carrier is missing or came twice");
    } else {
        state->received = frame.sequence;
        state->received_ms = turn->step->now_ms;
        take_frame(turn, &frame);
    }
}

/* ---- time ---- */

static int64_t heartbeat_ms(const struct session_state *state)
{
    return (int64_t)state->heartbeat_s * 1000;
}

static int64_t silent_at_ms(const struct session_state *state)
{
    return state->received_ms + 2 * heartbeat_ms(state);
}

static int64_t ping_at_ms(const struct session_state *state)
{
    return state->sent_ms + heartbeat_ms(state);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t next_ms(const struct session_state *state)
{
    if (state->phase != PHASE_OPEN)
        return state->until_ms;
    return earlier(request_due_ms(state),
                   earlier(silent_at_ms(state), ping_at_ms(state)));
}

static void on_tick(struct turn *turn)
{
    struct session_state *state = &turn->state;
    int64_t now_ms = turn->step->now_ms;
    state->timer_ms = 0;
    if (state->phase != PHASE_OPEN) {
        if (now_ms >= state->until_ms)
            turn_close(turn, CLOSE_LOGIN_TIMEOUT, 0,
                       "the carrier did not finish the login within 10 s");
        return;
    }
    if (now_ms >= silent_at_ms(state)) {
        turn_close(turn, CLOSE_SILENT, 0, "nothing came from the carrier any more");
        return;
    }
    request_expire(turn);
    if (now_ms >= ping_at_ms(state))
        turn_write(turn, &(struct mytel_frame){ .type = FRAME_PING }, nothing);
}

/* A timer that fires too soon costs a step; one set anew each time costs more. */
static void set_timer(struct turn *turn)
{
    struct session_state *state = &turn->state;
    int64_t due_ms = next_ms(state);
    if (state->phase == PHASE_OVER ||
        (state->timer_ms > 0 && state->timer_ms <= due_ms))
        return;
    state->timer_ms = due_ms;
    turn_act(turn, ESIM_ACT_TIMER, due_ms, nothing, nothing);
}

/* ---- the step ---- */

static void on_drain(struct turn *turn)
{
    turn_close(turn, CLOSE_NORMAL, 0, "said goodbye");
}

/* The host knows what was sent and not answered. */
static void on_closed(struct turn *turn)
{
    turn->state.phase = PHASE_OVER;
}

static void (*const events[])(struct turn *) = {
    [ESIM_OPENED] = login_begin, [ESIM_FRAME] = on_frame,
    [ESIM_TICK] = on_tick,       [ESIM_SUBMIT] = request_on_submit,
    [ESIM_CLOSED] = on_closed,   [ESIM_DRAIN] = on_drain,
};

static bool has_event(esim_session_event event)
{
    return event >= ESIM_OPENED && event <= ESIM_DRAIN;
}

static void take_event(struct turn *turn)
{
    const struct esim_session_step *step = turn->step;
    bool is_first = step->event == ESIM_OPENED;
    if (!has_event(step->event) ||
        (!is_first &&
         !mytel_state_read(step->state.ptr, (size_t)step->state.size, &turn->state))) {
        turn->state.phase = PHASE_OVER;
        turn_hang_up(turn, "the kept state of the session cannot be read", USUAL);
        return;
    }
    if (turn->state.phase == PHASE_OVER) {
        if (step->event == ESIM_SUBMIT)
            turn_act(turn, ESIM_ACT_LOST, 0, step->key, nothing);
        return;
    }
    events[step->event](turn);
    set_timer(turn);
}

static void keep_state(struct turn *turn)
{
    uint8_t *bytes = mytel_alloc(SESSION_BYTES_MOST);
    size_t size = bytes == NULL ? 0 : mytel_state_write(&turn->state, bytes);
    turn->answer->state = (struct esim_bytes){ (char *)bytes, size };
}

void mytel_session_step(const struct esim_session_step *step,
                        struct esim_session_answer *answer)
{
    struct turn turn = { .step = step,
                         .answer = answer,
                         .act_room = ACTS_OF_ONE_EVENT + WINDOW_MOST };
    turn.acts = mytel_alloc(turn.act_room * sizeof *turn.acts);
    if (turn.acts == NULL)
        return; /* The host finds no state in the next step, and closes. */
    mytel_settings_read(esim_json_read(step->settings), &turn.settings);
    take_event(&turn);
    answer->acts = turn.acts;
    keep_state(&turn);
}
