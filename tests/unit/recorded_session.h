/* recorded_session.h - an adapter's flows and its kept session between a host and a
 * recorded carrier: what host/adapter/session*.c and host/order/outbox_message.c do for
 * one operation at a time, with the recorded clock.
 *
 * Frames of the carrier come when they came. What the session writes is kept until the
 * recording comes to it: it must be the next recorded frame of the host. When the host
 * wrote and nothing is written, time passes to whatever is due next. */
#ifndef TESTS_RECORDED_SESSION_H
#define TESTS_RECORDED_SESSION_H

#include "esim/session.h"
#include "recorded_play.h"

enum { WRITTEN_MOST = 64, KEPT_MOST = 64 };

enum phase {
    PHASE_NONE,
    PHASE_STARTING,   /* From due_ms: it begins, or begins anew. */
    PHASE_SUBMITTING, /* From due_ms, when the session is ready. */
    PHASE_SENT,       /* At due_ms: silence. */
    PHASE_AWAITING,   /* At due_ms: silence. */
    PHASE_WAITING,    /* At due_ms: its timer. */
};

struct kept {
    const char *key;
    struct esim_bytes payload;
};

/* The connection and the operation that uses it. */
static struct {
    struct esim_bytes state;
    int64_t now_ms, timer_ms, window;
    bool is_open;
    struct esim_bytes written[WRITTEN_MOST];
    size_t written_count;
    struct kept kept[KEPT_MOST];
    size_t kept_count;
    json_t *facts;

    struct operation *op;
    enum phase phase;
    int64_t due_ms;
    const char *key;
} line;

static inline const struct esim_session *the_session(void)
{
    const struct esim_sessions *sessions = esim_entry.ability(ESIM_ABILITY_SESSION);
    return &sessions->sessions[0];
}

static inline struct esim_bytes unhex(const char *digits)
{
    size_t size = strlen(digits) / 2;
    char *copy = host_alloc(size + 1);
    for (size_t i = 0; i < size; i++) {
        unsigned byte = 0;
        CHECK_INT(sscanf(digits + 2 * i, "%2x", &byte), 1);
        copy[i] = (char)byte;
    }
    return (struct esim_bytes){ copy, size };
}

/* ---- the recording ---- */

static inline json_t *next_entry(const struct play *play)
{
    return json_array_get(play->wire, play->at);
}

static inline bool is_from(const json_t *entry, const char *side)
{
    return strcmp(text_or(entry, "from", ""), side) == 0;
}

/* The host's next frame that nothing is written for yet. */
static inline const json_t *next_of_host(const struct play *play)
{
    size_t skip = line.written_count;
    for (size_t i = play->at; i < json_array_size(play->wire); i++) {
        const json_t *entry = json_array_get(play->wire, i);
        if (is_from(entry, "host") && skip-- == 0)
            return entry;
    }
    return NULL;
}

/* ---- the flow ---- */

static inline void set_phase(enum phase phase, int64_t due_ms)
{
    line.phase = phase;
    line.due_ms = due_ms;
}

static inline void follow_flow(void)
{
    const struct esim_answer *answer = &line.op->answer;
    switch (answer->action) {
    case ESIM_SEND:
        line.key = esim_string(answer->send.key);
        set_phase(PHASE_SUBMITTING, line.now_ms);
        break;
    case ESIM_AWAIT:
        line.key = esim_string(answer->key);
        set_phase(PHASE_AWAITING, answer->until_ms);
        break;
    case ESIM_WAIT:
        set_phase(PHASE_WAITING, answer->until_ms);
        break;
    default: /* An end. */
        set_phase(PHASE_NONE, 0);
    }
}

static inline void tell_op(const struct play *play, esim_event event,
                           const struct esim_message *message)
{
    const json_t *step = json_object_get(next_of_host(play), "step");
    struct operation *op = line.op;
    op->now_ms = line.now_ms;
    memset(op->random, 7, sizeof op->random);
    CHECK(take_random(op, text_or(step, "random", "")));
    if (number_of(step, "now_ms") != 0 && event == ESIM_START)
        op->now_ms = number_of(step, "now_ms");
    tell_flow(play, op, event, NULL, message);
    follow_flow();
}

/* Its answer will not come: what the host does depends on the class. */
static inline void lose_submit(const struct play *play)
{
    const struct esim_send *send = &line.op->answer.send;
    line.op->attempt++;
    if (send->repeat == ESIM_ONCE)
        tell_op(play, ESIM_QUERY, NULL);
    else if ((send->flags & ESIM_REWRITE) != 0)
        tell_op(play, ESIM_AGAIN, NULL);
    else
        set_phase(PHASE_SUBMITTING, line.now_ms);
}

static inline bool is_sent_under(struct esim_bytes key)
{
    return line.phase == PHASE_SENT && esim_is(key, line.key);
}

/* ---- the session ---- */

static inline void keep_message(const struct esim_act *act)
{
    CHECK_FATAL(line.kept_count < KEPT_MOST);
    line.kept[line.kept_count++] = (struct kept){
        esim_string(act->key), { esim_string(act->bytes), act->bytes.size }
    };
}

static inline void carry_out(const struct play *play, const struct esim_act *act)
{
    switch (act->kind) {
    case ESIM_ACT_WRITE:
        CHECK_FATAL(line.written_count < WRITTEN_MOST);
        line.written[line.written_count++] = act->bytes;
        break;
    case ESIM_ACT_READY:
        line.window = act->number;
        break;
    case ESIM_ACT_DELIVER:
        keep_message(act);
        break;
    case ESIM_ACT_LOST:
        if (is_sent_under(act->key))
            lose_submit(play);
        break;
    case ESIM_ACT_BACK:
        if (is_sent_under(act->key))
            set_phase(PHASE_SUBMITTING, line.now_ms + act->number);
        break;
    case ESIM_ACT_REPORT:
        json_array_append(line.facts, esim_json_read(act->bytes));
        break;
    case ESIM_ACT_TIMER:
        line.timer_ms = act->number;
        break;
    default:
        CHECK_INT(act->kind, ESIM_ACT_CLOSE);
        line.window = 0;
    }
}

static inline void tell_session(const struct play *play, esim_session_event event,
                                const char *key, struct esim_bytes given)
{
    const json_t *made = json_object_get(next_of_host(play), "step");
    struct operation moment = { 0 };
    struct esim_session_step step = {
        .size = sizeof step,
        .event = event,
        .now_ms = line.now_ms,
        .state = line.state,
        .settings = bytes(dumped(json_object_get(play->story, "settings"))),
        .secrets = bytes(play->secrets),
        .key = bytes(key),
        .bytes = given,
        .state_version = 1,
    };
    CHECK(take_random(&moment, text_or(made, "random", "")));
    memcpy(step.random, moment.random, sizeof step.random);
    struct esim_session_answer answer = { .size = sizeof answer };
    the_session()->step(&step, &answer);
    line.state = answer.state;
    for (uint64_t i = 0; i < answer.act_count; i++)
        carry_out(play, &answer.acts[i]);
}

static inline void submit(const struct play *play)
{
    const struct esim_send *send = &line.op->answer.send;
    size_t left = 0;
    /* What is older under the key of a ONCE submit is no answer to it. */
    for (size_t i = 0; i < line.kept_count; i++)
        if (send->repeat != ESIM_ONCE || strcmp(line.kept[i].key, line.key) != 0)
            line.kept[left++] = line.kept[i];
    line.kept_count = left;
    set_phase(PHASE_SENT, line.now_ms + number_of(play->story, "answer_ms"));
    if (send->timeout_ms > 0 && line.now_ms + send->timeout_ms < line.due_ms)
        line.due_ms = line.now_ms + send->timeout_ms;
    tell_session(play, ESIM_SUBMIT, line.key, send->payload);
}

/* The first message for the operation, if it waits for one. */
static inline bool take_message(const struct play *play)
{
    struct kept found = { NULL, { NULL, 0 } };
    size_t left = 0;
    if (line.phase != PHASE_SENT && line.phase != PHASE_AWAITING)
        return false;
    for (size_t i = 0; i < line.kept_count; i++) {
        if (found.key == NULL && strcmp(line.kept[i].key, line.key) == 0)
            found = line.kept[i];
        else
            line.kept[left++] = line.kept[i];
    }
    line.kept_count = left;
    if (found.key == NULL)
        return false;
    struct esim_message message = { .size = sizeof message,
                                    .key = bytes(found.key),
                                    .payload = found.payload };
    tell_op(play, ESIM_MESSAGE, &message);
    return true;
}

/* ---- time ---- */

/* When something happens of itself; 0: never. */
static inline int64_t next_due_ms(void)
{
    /* A submit that is due waits for the session. */
    bool waits = line.phase == PHASE_SUBMITTING && line.due_ms <= line.now_ms;
    int64_t op_ms = line.phase == PHASE_NONE || waits ? 0 : line.due_ms;
    int64_t timer_ms = line.is_open ? line.timer_ms : 0;
    if (op_ms == 0 || (timer_ms != 0 && timer_ms < op_ms))
        return timer_ms;
    return op_ms;
}

static inline void pass_time(const struct play *play, int64_t due_ms)
{
    if (due_ms > line.now_ms)
        line.now_ms = due_ms;
    if (line.is_open && line.timer_ms != 0 && line.timer_ms <= line.now_ms) {
        line.timer_ms = 0;
        tell_session(play, ESIM_TICK, "", bytes(""));
    } else if (line.phase == PHASE_STARTING) {
        tell_op(play, ESIM_START, NULL);
    } else if (line.phase == PHASE_SENT || line.phase == PHASE_AWAITING) {
        tell_op(play, ESIM_SILENCE, NULL);
    } else if (line.phase == PHASE_WAITING) {
        tell_op(play, ESIM_TIMER, NULL);
    } /* Else a submit's time has come. */
}

/* ---- one recorded entry ---- */

static inline bool same_frame(struct play *play, const json_t *entry)
{
    struct esim_bytes recorded = unhex(text_or(entry, "hex", ""));
    struct esim_bytes found = line.written[0];
    size_t at = 0;
    while (at < recorded.size && at < found.size && recorded.ptr[at] == found.ptr[at])
        at++;
    memmove(line.written, line.written + 1, --line.written_count * sizeof found);
    play->at++;
    if (at == recorded.size && at == found.size)
        return true;
    return differs(play, "%s of %zu bytes differs at byte %zu, recorded are %zu bytes",
                   text_or(entry, "name", "a frame"), (size_t)found.size, at,
                   (size_t)recorded.size);
}

static inline void close_line(const struct play *play)
{
    tell_session(play, ESIM_CLOSED, "", bytes("the recorded end"));
    line.is_open = false;
    line.window = line.timer_ms = 0;
    line.written_count = 0; /* What was on its way is gone. */
    line.state = bytes("");
    if (line.phase == PHASE_SENT)
        lose_submit(play);
}

static inline bool hear_event(struct play *play, const char *event)
{
    if (strcmp(event, "opened") == 0) {
        line.is_open = true;
        tell_session(play, ESIM_OPENED, "", bytes(""));
    } else if (strcmp(event, "closed") == 0) {
        close_line(play);
    } else if (strcmp(event, "drained") == 0) {
        tell_session(play, ESIM_DRAIN, "", bytes(""));
    } else {
        return differs(play, "nobody knows the event \"%s\"", event);
    }
    return true;
}

/* It begins with the header that says its length; half of it is nobody's business. */
static inline bool hear_frame(struct play *play, const json_t *entry)
{
    bool is_whole = json_object_get(entry, "hex") != NULL;
    struct esim_bytes frame = unhex(text_or(entry, is_whole ? "hex" : "cut", ""));
    int64_t size = frame.size < the_session()->header_bytes
                       ? 0
                       : the_session()->frame(frame);
    if (is_whole ? size != (int64_t)frame.size
                 : size != 0 && size <= (int64_t)frame.size)
        return differs(play, "the adapter cuts %lld of %lld bytes", (long long)size,
                       (long long)frame.size);
    if (is_whole)
        tell_session(play, ESIM_FRAME, "", frame);
    return true;
}

static inline bool hear(struct play *play, const json_t *entry)
{
    const char *event = esim_json_text(entry, "event");
    play->at++;
    if (number_of(entry, "at_ms") > line.now_ms)
        line.now_ms = number_of(entry, "at_ms");
    return event != NULL ? hear_event(play, event) : hear_frame(play, entry);
}

/* The next thing happens. */
static inline bool go_on(struct play *play)
{
    const json_t *entry = next_entry(play);
    int64_t due_ms = next_due_ms();
    bool is_ready = line.is_open && line.window > 0;
    if (line.phase == PHASE_SUBMITTING && line.due_ms <= line.now_ms && is_ready) {
        submit(play);
        return true;
    }
    if (take_message(play))
        return true;
    if (is_from(entry, "host") && line.written_count > 0)
        return same_frame(play, entry);
    bool is_carriers = entry != NULL && !is_from(entry, "host");
    if (due_ms != 0 && (!is_carriers || due_ms <= number_of(entry, "at_ms"))) {
        pass_time(play, due_ms);
        return true;
    }
    if (is_carriers)
        return hear(play, entry);
    return differs(play, "%s is recorded, and nothing is written",
                   text_or(entry, "name", "nothing more"));
}

/* ---- orders ---- */

/* A step that the host tried again until it ended otherwise. */
static inline bool is_tried_again(const struct play *play)
{
    return line.op->answer.action == ESIM_END &&
           line.op->answer.outcome == ESIM_NOT_YET && next_of_host(play) != NULL;
}

static inline bool run_session(struct play *play, struct operation *op)
{
    line.op = op;
    set_phase(PHASE_STARTING, line.now_ms);
    for (int i = 0; i < STEPS_MOST; i++) {
        if (line.phase == PHASE_NONE && !is_tried_again(play))
            return true;
        if (line.phase == PHASE_NONE) {
            op->attempt++;
            set_phase(PHASE_STARTING, line.now_ms);
        } else if (line.phase == PHASE_STARTING) {
            pass_time(play, line.due_ms);
        } else if (!go_on(play)) {
            return false;
        }
    }
    return differs(play, "it goes on for ever");
}

/* To the frame that was heard last before something else was done. */
static inline bool go_on_to(struct play *play, size_t at)
{
    for (int i = 0; i < STEPS_MOST; i++) {
        if (play->at >= at)
            return true;
        if (!go_on(play))
            return false;
    }
    return differs(play, "it goes on for ever");
}

static inline bool run_line_order(struct play *play)
{
    if (!go_on_to(play, (size_t)number_of(play->order, "frames_before")))
        return false;
    if (number_of(play->order, "placed_ms") > line.now_ms)
        line.now_ms = number_of(play->order, "placed_ms");
    return run_order(play, run_session);
}

/* Every order of a story, over one kept session. */
static inline bool play_line(struct play *play)
{
    const json_t *orders = json_object_get(play->story, "orders");
    memset(&line, 0, sizeof line);
    play->at = 0;
    line.facts = json_array();
    play->wire = json_object_get(play->story, "frames");
    if (json_array_size(orders) == 0 || json_array_size(play->wire) == 0)
        return differs(play, "it has no orders or no frames");
    json_array_foreach(orders, play->order_at, play->order)
    {
        if (!run_line_order(play))
            return false;
    }
    if (!go_on_to(play, json_array_size(play->wire)))
        return false;
    if (line.written_count > 0)
        return differs(play, "%zu frames more than recorded are written",
                       line.written_count);
    return same_facts(play, line.facts);
}

#endif
