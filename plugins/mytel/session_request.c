/* Requests under way. A reply is found by the frame that it answers, and its id must be
 * the request's: so replies come in any order, and a late one harms nobody. */
#include <string.h>

#include "memory.h"
#include "session_inner.h"
#include "wire_codes.h"

enum {
    BACK_MS = 1000, /* When the carrier does not say how long. */
    ANSWER_GRACE_MS = 5000
};

static const struct esim_bytes nothing = { NULL, 0 };

static struct esim_bytes key_of(const struct waiting *waiting)
{
    const char *hex = mytel_hex(waiting->id, sizeof waiting->id);
    return (struct esim_bytes){ hex, strlen(hex) };
}

/* ---- the window ---- */

static uint64_t window_of(const struct turn *turn)
{
    return turn->state.window < turn->settings.window_most ? turn->state.window
                                                           : turn->settings.window_most;
}

void request_tell_window(struct turn *turn)
{
    turn_act(turn, ESIM_ACT_READY, (int64_t)window_of(turn), nothing, nothing);
}

void request_on_window(struct turn *turn, const struct mytel_frame *frame)
{
    uint64_t window = 0;
    if (!mytel_tlv_number(turn_body(frame), TAG_WINDOW, &window)) {
        turn_close(turn, CLOSE_PROTOCOL, frame->sequence, "a WINDOW without a window");
        return;
    }
    turn->state.window = (uint16_t)window;
    request_tell_window(turn);
}

/* ---- submits ---- */

/* The host lets late ones go before we do: what does not fit now goes back unsent. */
static bool may_send(const struct turn *turn)
{
    return turn->state.phase == PHASE_OPEN && turn->state.count < window_of(turn);
}

void request_on_submit(struct turn *turn)
{
    const struct esim_session_step *step = turn->step;
    struct session_state *state = &turn->state;
    struct waiting waiting = { .sequence = state->sent + 1, .sent_ms = step->now_ms };
    struct mytel_frame request = { .type = FRAME_REQUEST,
                                   .body = (const uint8_t *)step->bytes.ptr,
                                   .body_size = (size_t)step->bytes.size };
    bool is_ours = mytel_hex_read(step->key, waiting.id, sizeof waiting.id);
    if (is_ours && !may_send(turn)) {
        turn_act(turn, ESIM_ACT_BACK, BACK_MS, step->key, nothing);
        return;
    }
    if (!is_ours || !turn_write(turn, &request, step->key)) {
        turn_act(turn, ESIM_ACT_LOST, 0, step->key, nothing);
        return;
    }
    state->waiting[state->count++] = waiting;
}

/* ---- replies ---- */

static bool has_id(const struct mytel_frame *frame, const struct waiting *waiting)
{
    struct tlv_list id;
    return !mytel_tlv_find(turn_body(frame), TAG_REQUEST_ID, &id) ||
           memcmp(id.ptr, waiting->id, sizeof waiting->id) == 0;
}

/* Not carried out, and the same bytes may be sent later. EXPIRED wants other bytes: that
 * is the flow's to do. */
static bool goes_back(uint64_t code)
{
    return code >> 8 == CLASS_NOT_NOW && code != CODE_EXPIRED;
}

/* What is in the results is the flow's to judge. */
static void hand_over(struct turn *turn, const struct mytel_frame *frame,
                      const struct waiting *waiting)
{
    struct tlv_list list = turn_body(frame);
    uint64_t code = 0, retry_ms = BACK_MS;
    if (!mytel_tlv_number(list, TAG_CODE, &code)) {
        turn_close(turn, CLOSE_PROTOCOL, frame->sequence, "a REPLY without a code");
        return;
    }
    mytel_tlv_number(list, TAG_RETRY_AFTER_MS, &retry_ms);
    if (goes_back(code))
        turn_act(turn, ESIM_ACT_BACK, (int64_t)retry_ms, key_of(waiting), nothing);
    else
        turn_act(turn, ESIM_ACT_DELIVER, 0, key_of(waiting),
                 (struct esim_bytes){ (const char *)frame->body, frame->body_size });
}

void request_on_reply(struct turn *turn, const struct mytel_frame *frame)
{
    struct session_state *state = &turn->state;
    struct waiting *waiting = mytel_state_find(state, frame->answers);
    if (waiting == NULL && frame->answers != 0 && frame->answers <= state->sent)
        return; /* Too late: its operation asks for the status by now. */
    if (waiting == NULL || !has_id(frame, waiting)) {
        turn_close(turn, CLOSE_PROTOCOL, frame->sequence,
                   "a REPLY to a request that we did not send");
        return;
    }
    hand_over(turn, frame, waiting);
    mytel_state_forget(state, waiting);
}

/* ---- overdue ---- */

static int64_t due_ms(const struct session_state *state, const struct waiting *waiting)
{
    return waiting->sent_ms + (int64_t)state->answer_s * 1000 + ANSWER_GRACE_MS;
}

void request_expire(struct turn *turn)
{
    struct session_state *state = &turn->state;
    for (size_t i = state->count; i > 0; i--) {
        struct waiting *waiting = &state->waiting[i - 1];
        if (due_ms(state, waiting) > turn->step->now_ms)
            continue;
        turn_act(turn, ESIM_ACT_LOST, 0, key_of(waiting), nothing);
        mytel_state_forget(state, waiting);
    }
}

int64_t request_due_ms(const struct session_state *state)
{
    int64_t least = INT64_MAX;
    for (size_t i = 0; i < state->count; i++)
        if (due_ms(state, &state->waiting[i]) < least)
            least = due_ms(state, &state->waiting[i]);
    return least;
}
